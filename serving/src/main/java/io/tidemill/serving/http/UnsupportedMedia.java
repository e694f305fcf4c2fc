package io.tidemill.serving.http;

/** A body of a type or coding that is not taken: 415. */
final class UnsupportedMedia extends RuntimeException {
  private static final long serialVersionUID = 1;

  UnsupportedMedia(String expected, String found) {
    super("body: expected %s, found %s".formatted(expected, found), null, false, false);
  }
}
