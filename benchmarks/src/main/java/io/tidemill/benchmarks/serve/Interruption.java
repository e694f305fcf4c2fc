package io.tidemill.benchmarks.serve;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;

/** The end of a benchmark that somebody stops. */
final class Interruption {
  private Interruption() {}

  /** What to throw where waiting was interrupted; the thread stays so. */
  static EngineException of(InterruptedException cause) {
    Thread.currentThread().interrupt();
    return new EngineException(ErrorCode.RESOURCE, "the benchmark was interrupted", cause);
  }
}
