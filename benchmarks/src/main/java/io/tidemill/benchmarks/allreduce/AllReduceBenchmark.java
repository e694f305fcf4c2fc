package io.tidemill.benchmarks.allreduce;

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
 * Microseconds in which ranks add a vector of float32 each and all have the sum: our lanes, PyTorch
 * Gloo and OpenMPI.
 */
public final class AllReduceBenchmark {
  private AllReduceBenchmark() {}

  public static Benchmark benchmark() {
    return new Benchmark(
        "allreduce",
        "microseconds of an all-reduce beside Gloo and OpenMPI",
        Contest.caseNames(),
        AllReduceBenchmark::run);
  }

  private static BenchReport run(BenchRequest request, Consumer<String> tell) {
    try (ScratchFolder folder = ScratchFolder.createInMemory()) {
      return run(request, folder.path(), tell);
    }
  }

  private static BenchReport run(BenchRequest request, Path folder, Consumer<String> tell) {
    Machine.busy().ifPresent(tell);
    List<BenchRow> rows = new ArrayList<>();
    Set<String> versions = new TreeSet<>();
    Starter starter = new Starter(request.python(), folder, tell);
    for (Contest contest : Contest.all()) {
      List<Lane> lanes = contest.lanes(request.cases());
      if (!lanes.isEmpty()) {
        try (Race race = Race.of(contest, lanes, starter, tell)) {
          rows.addAll(race.run(request.windowSeconds()));
          versions.addAll(race.peerVersions());
        }
      }
    }
    return new BenchReport("allreduce", Machine.describe(versions), rows);
  }
}
