package io.tidemill.serving.protocol;

import com.fasterxml.jackson.core.JsonToken;

/** JSON tokens and values in the words of error sentences. */
final class TokenNames {
  private static final int MAX_SHOWN = 40;

  private TokenNames() {}

  static String of(JsonToken token) {
    return switch (token) {
      case START_OBJECT, END_OBJECT, FIELD_NAME -> "an object";
      case START_ARRAY, END_ARRAY -> "an array";
      case VALUE_STRING -> "a string";
      case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> "a number";
      case VALUE_TRUE -> "true";
      case VALUE_FALSE -> "false";
      case VALUE_NULL -> "null";
      case NOT_AVAILABLE, VALUE_EMBEDDED_OBJECT -> "something else";
      case null -> "the end";
    };
  }

  /** A client's text, short enough for a sentence and without control characters. */
  static String shorten(String text) {
    String line = text.replaceAll("\\p{Cntrl}", " ");
    return line.length() <= MAX_SHOWN ? line : line.substring(0, MAX_SHOWN) + "…";
  }
}
