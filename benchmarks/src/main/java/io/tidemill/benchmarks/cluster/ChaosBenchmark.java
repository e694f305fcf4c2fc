package io.tidemill.benchmarks.cluster;

import io.tidemill.benchmarks.network.Network;
import io.tidemill.benchmarks.report.BenchReport;
import io.tidemill.benchmarks.report.BenchRequest;
import io.tidemill.benchmarks.report.BenchRow;
import io.tidemill.benchmarks.report.Benchmark;
import io.tidemill.benchmarks.report.Machine;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Does violence to a cluster while it trains, and compares the weights with those of a run that was
 * left alone: on one host, and across hosts, which are cut off from each other.
 */
public final class ChaosBenchmark {
  private static final String ONE_HOST = "digits";
  private static final int ONE_HOST_ACTS = 100;
  private static final long ONE_HOST_STEPS = 2_500;
  private static final String HOSTS = "digits-hosts";
  private static final int HOSTS_ACTS = 24;
  private static final long HOSTS_STEPS = 5_000;

  private ChaosBenchmark() {}

  public static Benchmark benchmark() {
    return new Benchmark(
        "chaos",
        "kills, stops, cuts off and scales through whole runs; the weights have to stay the same",
        List.of(ONE_HOST, HOSTS),
        ChaosBenchmark::measure);
  }

  private static BenchReport measure(BenchRequest request, Consumer<String> tell) {
    List<BenchRow> rows = new ArrayList<>();
    for (String wanted : request.cases()) {
      rows.addAll(
          wanted.equals(HOSTS)
              ? acrossHosts(request.windowSeconds(), tell)
              : onOneHost(request.windowSeconds(), tell));
    }
    return new BenchReport("chaos", Machine.describe(List.of()), rows);
  }

  private static List<BenchRow> onOneHost(double meanSeconds, Consumer<String> tell) {
    try (TestCluster cluster = new OneHostCluster()) {
      return new Chaos(
              cluster, OneHostActs.on(cluster), ONE_HOST_ACTS, ONE_HOST_STEPS, meanSeconds, tell)
          .train("chaos-" + ONE_HOST, 1);
    }
  }

  private static List<BenchRow> acrossHosts(double meanSeconds, Consumer<String> tell) {
    Optional<String> impossible = Network.impossible();
    if (impossible.isPresent()) {
      tell.accept("chaos: case %s is left out: %s".formatted(HOSTS, impossible.get()));
      return List.of();
    }
    try (HostsCluster cluster = new HostsCluster()) {
      return new Chaos(cluster, HostsActs.on(cluster), HOSTS_ACTS, HOSTS_STEPS, meanSeconds, tell)
          .train("chaos-" + HOSTS, HostsCluster.WORKERS.size());
    }
  }
}
