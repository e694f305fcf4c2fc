package io.tidemill.serving.protocol;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;

/** Makes the exception for a body that the client has to change. */
final class BadRequest {
  private BadRequest() {}

  @SuppressWarnings("AnnotateFormatMethod") // the annotation would be one more dependency
  static EngineException of(String format, Object... arguments) {
    return new EngineException(ErrorCode.INVALID_ARGUMENT, format.formatted(arguments));
  }
}
