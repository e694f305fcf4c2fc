package io.tidemill.benchmarks.train;

import io.tidemill.benchmarks.contender.Windows;
import io.tidemill.benchmarks.report.BenchReport;
import io.tidemill.benchmarks.report.BenchRequest;
import io.tidemill.benchmarks.report.BenchRow;
import io.tidemill.benchmarks.report.BenchRow.Better;
import io.tidemill.benchmarks.report.Benchmark;
import io.tidemill.benchmarks.report.Machine;
import io.tidemill.benchmarks.report.ScratchFolder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * What checkpoints cost: the rate of a training with one every 20 steps beside that with none, in
 * turns in one process. The figure is the median over pairs of neighbours, because a machine's own
 * rate wanders by more than what is measured.
 */
public final class CheckpointBenchmark {
  private static final int EVERY = 20;
  private static final int PAIRS = 15;

  /**
   * Pairs that are not counted: what a checkpoint does is seldom, and long until it is compiled.
   */
  private static final int WARM_UP_PAIRS = 4;

  /** The batch and the shards of the example digits. */
  private static final int BATCH = 256;

  private static final int SHARDS = 8;

  private CheckpointBenchmark() {}

  public static Benchmark benchmark() {
    return new Benchmark(
        "checkpoint",
        "share of the rate that is left with a checkpoint every " + EVERY + " steps",
        TrainCase.names(),
        CheckpointBenchmark::measure);
  }

  private static BenchReport measure(BenchRequest request, Consumer<String> tell) {
    Machine.busy().ifPresent(tell);
    try (ScratchFolder folder = ScratchFolder.create()) {
      List<BenchRow> rows = new ArrayList<>();
      for (String name : request.cases()) {
        rows.add(measure(name, request.windowSeconds(), folder.path(), tell));
      }
      return new BenchReport("checkpoint", Machine.describe(List.of()), rows);
    }
  }

  private static BenchRow measure(String name, double seconds, Path folder, Consumer<String> tell) {
    CasePipeline<?> own = CasePipeline.of(name);
    CasePipeline<?> pipeline = name.equals("mlp") ? own.cutInto(BATCH, SHARDS) : own;
    TrainingWindow without = new TrainingWindow(pipeline, TrainBenchmark.THREADS, 0, folder);
    TrainingWindow with = new TrainingWindow(pipeline, TrainBenchmark.THREADS, EVERY, folder);
    for (int pair = 0; pair < WARM_UP_PAIRS; pair++) {
      with.rate(seconds);
      without.rate(seconds);
    }
    Windows kept = new Windows();
    for (int pair = 1; pair <= PAIRS; pair++) {
      boolean isWithFirst = pair % 2 == 0;
      double first = (isWithFirst ? with : without).rate(seconds);
      double second = (isWithFirst ? without : with).rate(seconds);
      double share = isWithFirst ? first / second : second / first;
      kept.add(share);
      tell.accept(
          "%s: pair %d of %d: %.1f steps/s with checkpoints, %.1f without: %.3f"
              .formatted(
                  name,
                  pair,
                  PAIRS,
                  isWithFirst ? first : second,
                  isWithFirst ? second : first,
                  share));
    }
    return new BenchRow(
        name + "-every-" + EVERY,
        "of the rate",
        Better.HIGHER,
        kept.median(),
        Map.of("without checkpoints", 1.0));
  }
}
