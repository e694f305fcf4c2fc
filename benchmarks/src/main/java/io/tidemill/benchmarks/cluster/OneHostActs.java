package io.tidemill.benchmarks.cluster;

import io.tidemill.error.EngineException;
import java.util.List;
import java.util.Optional;
import java.util.function.LongConsumer;

/** What can be done to processes of this host. Confined to one thread. */
final class OneHostActs {
  private static final List<Integer> WIDTHS = List.of(3, 2, 1);

  private final TestCluster cluster;

  private OneHostActs(TestCluster cluster) {
    this.cluster = cluster;
  }

  static List<Act> on(TestCluster cluster) {
    OneHostActs acts = new OneHostActs(cluster);
    return List.of(
        new Act("kill-worker", 5, (_, lot) -> acts.hurt("worker", lot, TestCluster::kill)),
        new Act("kill-head", 2, (_, lot) -> acts.hurt("head", lot, TestCluster::kill)),
        new Act("stop-worker", 1, (_, lot) -> acts.hurt("worker", lot, TestCluster::freeze)),
        new Act("scale", 2, (job, lot) -> scale(cluster, job, WIDTHS.get(lot % WIDTHS.size()))));
  }

  private Optional<String> hurt(String role, int lot, LongConsumer how) {
    List<Long> pids = cluster.pids(role);
    if (pids.isEmpty()) {
      return Optional.empty();
    }
    long pid = pids.get(lot % pids.size());
    how.accept(pid);
    return Optional.of("process " + pid);
  }

  static Optional<String> scale(TestCluster cluster, String job, int workers) {
    try {
      cluster.scale(job, workers);
      return Optional.of("%s goes on with %d workers".formatted(job, workers));
    } catch (EngineException e) {
      return Optional.empty(); // the head is away, or the job has just ended
    }
  }
}
