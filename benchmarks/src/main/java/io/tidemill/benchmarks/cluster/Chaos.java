package io.tidemill.benchmarks.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import io.tidemill.benchmarks.report.BenchRow;
import io.tidemill.benchmarks.report.BenchRow.Better;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.function.Consumer;

/**
 * Does violence to a cluster, one act after the other, while it trains job after job, and compares
 * the weights of each with those of one that was left alone. Confined to one thread.
 */
final class Chaos {
  static final long SEED = 20_261_123;
  private static final long JOB_PATIENCE_NS = 600_000_000_000L;
  private static final long AWAY_PATIENCE_NS = 120_000_000_000L;

  private final TestCluster cluster;
  private final List<Act> acts;
  private final int most;
  private final long steps;
  private final double meanSeconds;
  private final Consumer<String> tell;
  private final SplittableRandom random = new SplittableRandom(SEED);
  private final Map<String, Integer> done = new LinkedHashMap<>();

  /**
   * Chaos that begins with {@link #train}.
   *
   * @param most how many acts it takes
   * @param steps of each job
   * @param meanSeconds from the end of an act to the next
   * @param tell takes sentences of progress
   */
  Chaos(
      TestCluster cluster,
      List<Act> acts,
      int most,
      long steps,
      double meanSeconds,
      Consumer<String> tell) {
    this.cluster = cluster;
    this.acts = acts;
    this.most = most;
    this.steps = steps;
    this.meanSeconds = meanSeconds;
    this.tell = tell;
    acts.forEach(act -> done.put(act.kind(), 0));
  }

  /**
   * Trains until enough has been done.
   *
   * @param workers that the jobs begin with; the one that is left alone has one
   * @return how many jobs, acts, and acts of each kind there were
   */
  List<BenchRow> train(String name, int workers) {
    String expected =
        weights(cluster.await(cluster.submit(steps, 1), Chaos::hasEnded, JOB_PATIENCE_NS));
    tell.accept("%s: seed %d, undisturbed weights %s".formatted(name, SEED, expected));
    int jobs = 0;
    while (count() < most) {
      jobs++;
      String id = cluster.submit(steps, workers);
      JsonNode job = disturb(name, id);
      if (!weights(job).equals(expected)) {
        throw failure(
            "the weights of %s differ: expected %s, found %s"
                .formatted(id, expected, weights(job)));
      }
      tell.accept(
          "%s: %s has the same weights after %d attempts, %d acts so far"
              .formatted(name, id, job.path("attempt").asLong(), count()));
    }
    List<BenchRow> rows = new ArrayList<>();
    rows.add(row(name + "-jobs", "jobs", jobs));
    rows.add(row(name + "-acts", "acts", count()));
    done.forEach((kind, times) -> rows.add(row(name + "-" + kind, "acts", times)));
    return rows;
  }

  /** The job when it has ended. */
  private JsonNode disturb(String name, String id) {
    long seen = System.nanoTime();
    while (true) {
      TestCluster.pause((long) (1_000 * meanSeconds * (0.5 + random.nextDouble())));
      Optional<JsonNode> job = cluster.look(id);
      seen = job.isPresent() ? System.nanoTime() : seen;
      if (System.nanoTime() - seen > AWAY_PATIENCE_NS) {
        throw failure("no head has answered for " + AWAY_PATIENCE_NS / 1_000_000_000L + " s");
      }
      if (job.isPresent() && hasEnded(job.get())) {
        return job.get();
      }
      if (count() < most) {
        act(name, id);
      }
    }
  }

  private void act(String name, String id) {
    Act act = drawn();
    act.violence()
        .commit(id, random.nextInt(1 << 16))
        .ifPresent(
            what -> {
              done.merge(act.kind(), 1, Integer::sum);
              tell.accept("%s: act %d: %s, %s".formatted(name, count(), act.kind(), what));
            });
  }

  private Act drawn() {
    int lot = random.nextInt(acts.stream().mapToInt(Act::lots).sum());
    for (Act act : acts) {
      lot -= act.lots();
      if (lot < 0) {
        return act;
      }
    }
    throw new IllegalStateException("no act");
  }

  private int count() {
    return done.values().stream().mapToInt(Integer::intValue).sum();
  }

  private EngineException failure(String what) {
    return new EngineException(
        ErrorCode.INTERNAL, "after %d acts (seed %d) %s".formatted(count(), SEED, what));
  }

  private static BenchRow row(String name, String unit, int count) {
    return new BenchRow(name, unit, Better.HIGHER, count, Map.of());
  }

  private static boolean hasEnded(JsonNode job) {
    return !job.path("state").asText().matches("QUEUED|RUNNING");
  }

  private static String weights(JsonNode job) {
    String found = job.path("report").path("weightsSha256").asText();
    if (found.isEmpty()) {
      throw new EngineException(ErrorCode.INTERNAL, "job has no weights: " + job);
    }
    return found;
  }
}
