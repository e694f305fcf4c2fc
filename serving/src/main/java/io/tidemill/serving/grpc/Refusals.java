package io.tidemill.serving.grpc;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;

/** Makes the exception for a message that the client has to change. */
final class Refusals {
  private static final int LONGEST_TEXT = 100;

  private Refusals() {}

  @SuppressWarnings("AnnotateFormatMethod") // the annotation would be one more dependency
  static EngineException invalid(String format, Object... arguments) {
    return new EngineException(ErrorCode.INVALID_ARGUMENT, format.formatted(arguments));
  }

  /** A text of the client's, as long as a sentence may quote. */
  static String quoted(String text) {
    return text.length() <= LONGEST_TEXT ? text : text.substring(0, LONGEST_TEXT) + "…";
  }
}
