package io.tidemill.benchmarks.report;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.util.List;

/**
 * What of a benchmark is wanted.
 *
 * @param cases those that are measured; empty for all
 * @param windowSeconds how long each of the windows is whose median counts
 * @param python the interpreter that runs peers
 */
public record BenchRequest(List<String> cases, double windowSeconds, String python) {
  private static final double SHORTEST_SECONDS = 0.1;

  public BenchRequest {
    cases = List.copyOf(cases);
    if (!(windowSeconds >= SHORTEST_SECONDS) || Double.isInfinite(windowSeconds)) {
      throw new EngineException(
          ErrorCode.INVALID_ARGUMENT,
          "--seconds has to be at least " + SHORTEST_SECONDS + ", is " + windowSeconds);
    }
  }

  BenchRequest withCases(List<String> chosen) {
    return new BenchRequest(chosen, windowSeconds, python);
  }
}
