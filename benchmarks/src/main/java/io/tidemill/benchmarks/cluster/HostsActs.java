package io.tidemill.benchmarks.cluster;

import java.util.List;
import java.util.Optional;

/**
 * What can be done to hosts, and to processes on them. What is cut is mended and what is stopped
 * goes on before the act is over: sooner or later than the others have done without it. Confined to
 * one thread.
 */
final class HostsActs {
  private static final List<Integer> WIDTHS = List.of(2, 1);
  private static final int LEAST_SECONDS = 2;
  private static final int MOST_SECONDS = 30;

  private final HostsCluster cluster;

  private HostsActs(HostsCluster cluster) {
    this.cluster = cluster;
  }

  static List<Act> on(HostsCluster cluster) {
    HostsActs acts = new HostsActs(cluster);
    return List.of(
        new Act("cut-worker", 4, (_, lot) -> acts.cut(one(HostsCluster.WORKERS, lot), lot)),
        new Act("cut-head", 2, (_, lot) -> acts.cut(one(HostsCluster.HEADS, lot), lot)),
        new Act("kill-worker", 2, (_, lot) -> acts.kill(one(HostsCluster.WORKERS, lot))),
        new Act("kill-head", 1, (_, lot) -> acts.kill(one(HostsCluster.HEADS, lot))),
        new Act("stop-worker", 1, (_, lot) -> acts.stop(one(HostsCluster.WORKERS, lot), lot)),
        new Act("scale", 2, (job, lot) -> OneHostActs.scale(cluster, job, one(WIDTHS, lot))));
  }

  private Optional<String> cut(int host, int lot) {
    int seconds = seconds(lot);
    cluster.cut(host);
    TestCluster.pause(1_000L * seconds);
    cluster.mend(host);
    return Optional.of("host %d for %d s".formatted(host, seconds));
  }

  private Optional<String> kill(int host) {
    Optional<Long> pid = cluster.pid(host);
    pid.ifPresent(TestCluster::kill);
    return pid.map(number -> "process %d of host %d".formatted(number, host));
  }

  private Optional<String> stop(int host, int lot) {
    int seconds = seconds(lot);
    Optional<Long> pid = cluster.pid(host);
    pid.ifPresent(
        number -> {
          TestCluster.freeze(number);
          try {
            TestCluster.pause(1_000L * seconds);
          } finally {
            TestCluster.thaw(number);
          }
        });
    return pid.map(number -> "process %d of host %d for %d s".formatted(number, host, seconds));
  }

  private static int one(List<Integer> of, int lot) {
    return of.get(lot % of.size());
  }

  private static int seconds(int lot) {
    return LEAST_SECONDS + lot / HostsCluster.HEADS.size() % (MOST_SECONDS - LEAST_SECONDS + 1);
  }
}
