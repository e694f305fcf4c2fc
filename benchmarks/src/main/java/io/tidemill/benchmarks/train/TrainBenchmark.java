package io.tidemill.benchmarks.train;

import io.tidemill.benchmarks.report.BenchReport;
import io.tidemill.benchmarks.report.BenchRequest;
import io.tidemill.benchmarks.report.BenchRow;
import io.tidemill.benchmarks.report.Benchmark;
import io.tidemill.benchmarks.report.Machine;
import io.tidemill.benchmarks.report.ScratchFolder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;

/**
 * Steps per second of the same networks here and in PyTorch and JAX: same batch, float32, two
 * threads.
 */
public final class TrainBenchmark {
  static final int THREADS = 2;

  private TrainBenchmark() {}

  public static Benchmark benchmark() {
    return new Benchmark(
        "train",
        "training steps per second beside PyTorch and JAX",
        TrainCase.names(),
        TrainBenchmark::run);
  }

  private static BenchReport run(BenchRequest request, Consumer<String> tell) {
    try (ScratchFolder folder = ScratchFolder.create()) {
      PeerScripts.copyTo(folder.path());
      return run(request, folder.path(), tell);
    }
  }

  private static BenchReport run(BenchRequest request, Path folder, Consumer<String> tell) {
    Machine.busy().ifPresent(tell);
    List<BenchRow> rows = new ArrayList<>();
    Set<String> versions = new TreeSet<>();
    Starter starter = new Starter(request.python(), folder, THREADS, tell);
    for (String name : request.cases()) {
      try (Race race = Race.of(TrainCase.named(name), starter, tell)) {
        rows.addAll(race.run(request.windowSeconds()));
        versions.addAll(race.peerVersions());
      }
    }
    return new BenchReport("train", Machine.describe(versions), rows);
  }
}
