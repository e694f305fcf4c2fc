package io.tidemill.benchmarks.report;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.Consumer;

/**
 * A measurement of this engine beside its peers, both in one run on one machine.
 *
 * @param name what {@code tidemill bench} calls it
 * @param description what is measured, in a line
 * @param cases the parts that can be chosen
 * @param drawsChart whether its reports may have a chart
 * @param measure measures the cases of a request, telling sentences of progress on the way
 */
public record Benchmark(
    String name,
    String description,
    List<String> cases,
    boolean drawsChart,
    BiFunction<BenchRequest, Consumer<String>, BenchReport> measure) {
  public Benchmark {
    cases = List.copyOf(cases);
  }

  /** Whose reports have no chart. */
  public Benchmark(
      String name,
      String description,
      List<String> cases,
      BiFunction<BenchRequest, Consumer<String>, BenchReport> measure) {
    this(name, description, cases, false, measure);
  }

  /**
   * Measures; blocks for minutes. An interrupt of the thread ends it, with the processes that it
   * started.
   *
   * @param tell takes sentences of progress
   * @throws EngineException INVALID_ARGUMENT where a case is unknown, before anything is started
   */
  public BenchReport run(BenchRequest request, Consumer<String> tell) {
    for (String wanted : request.cases()) {
      if (!cases.contains(wanted)) {
        throw new EngineException(
            ErrorCode.INVALID_ARGUMENT,
            "unknown case \"%s\" of bench %s; expected some of %s"
                .formatted(wanted, name, String.join(", ", cases)));
      }
    }
    return measure.apply(request.cases().isEmpty() ? request.withCases(cases) : request, tell);
  }
}
