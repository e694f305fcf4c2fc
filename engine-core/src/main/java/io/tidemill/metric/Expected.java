package io.tidemill.metric;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;

/** Checks of what examples say against what the model gives. */
final class Expected {
  private Expected() {}

  static void requireClass(String metric, int label, int classes) {
    if (label < 0 || label >= classes) {
      throw refused(metric, "a class from 0 to " + (classes - 1), Integer.toString(label));
    }
  }

  static void requireNumbers(String metric, int expected, int found) {
    if (expected != found) {
      throw refused(metric, found + " numbers as the model gives", Integer.toString(expected));
    }
  }

  private static EngineException refused(String metric, String expected, String found) {
    return new EngineException(
        ErrorCode.INVALID_DATA,
        "metric "
            + metric
            + " cannot measure an example: expected "
            + expected
            + ", found "
            + found);
  }
}
