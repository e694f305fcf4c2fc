package io.tidemill.benchmarks;

import io.tidemill.benchmarks.allreduce.AllReduceBenchmark;
import io.tidemill.benchmarks.cluster.ChaosBenchmark;
import io.tidemill.benchmarks.cluster.RecoveryBenchmark;
import io.tidemill.benchmarks.report.Benchmark;
import io.tidemill.benchmarks.scaling.ScalingBenchmark;
import io.tidemill.benchmarks.serve.OverloadBenchmark;
import io.tidemill.benchmarks.serve.ServeBenchmark;
import io.tidemill.benchmarks.serve.SwapBenchmark;
import io.tidemill.benchmarks.train.CheckpointBenchmark;
import io.tidemill.benchmarks.train.TrainBenchmark;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.util.List;
import java.util.stream.Collectors;

/** All benchmarks, by name. */
public final class Benchmarks {
  private static final List<Benchmark> ALL =
      List.of(
          TrainBenchmark.benchmark(),
          AllReduceBenchmark.benchmark(),
          ScalingBenchmark.benchmark(),
          ChaosBenchmark.benchmark(),
          RecoveryBenchmark.benchmark(),
          CheckpointBenchmark.benchmark(),
          ServeBenchmark.benchmark(),
          SwapBenchmark.benchmark(),
          OverloadBenchmark.benchmark());

  private Benchmarks() {}

  /**
   * The benchmark of this name.
   *
   * @throws EngineException NOT_FOUND that names those that there are
   */
  public static Benchmark named(String name) {
    return ALL.stream()
        .filter(benchmark -> benchmark.name().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new EngineException(
                    ErrorCode.NOT_FOUND,
                    "unknown benchmark \"%s\"; expected one of %s"
                        .formatted(
                            name,
                            ALL.stream().map(Benchmark::name).collect(Collectors.joining(", ")))));
  }
}
