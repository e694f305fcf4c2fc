package io.tidemill.benchmarks.contender;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.io.IOException;

/** A side whose rate is twice the seconds, and which does not like 13. */
final class Answering {
  private Answering() {}

  public static void main(String[] args) throws IOException {
    new Responder(System.out, Answering::rate).serve("answering", "1.5", System.in);
  }

  private static double rate(double seconds) {
    if (seconds == 13) {
      throw new EngineException(ErrorCode.RESOURCE, "13 is unlucky");
    }
    return 2 * seconds;
  }
}
