package io.tidemill.benchmarks.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import io.tidemill.benchmarks.report.BenchReport;
import io.tidemill.benchmarks.report.BenchRequest;
import io.tidemill.benchmarks.report.BenchRow;
import io.tidemill.benchmarks.report.BenchRow.Better;
import io.tidemill.benchmarks.report.Benchmark;
import io.tidemill.benchmarks.report.Machine;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * How long training stands still: from a SIGKILL to the next completed step, and from a submission
 * to the first one. Seen through {@code /api}, looked at every 20 ms.
 */
public final class RecoveryBenchmark {
  private static final String WORKER = "worker";
  private static final String HEAD = "head";
  private static final String SUBMIT = "submit";
  private static final int ROUNDS = 5;
  private static final long ENDLESS = 1_000_000;
  private static final long PATIENCE_NS = 120_000_000_000L;

  private RecoveryBenchmark() {}

  public static Benchmark benchmark() {
    return new Benchmark(
        "recovery",
        "seconds from a SIGKILL to the next step, and from a submission to the first",
        List.of(WORKER, HEAD, SUBMIT),
        RecoveryBenchmark::measure);
  }

  private static BenchReport measure(BenchRequest request, Consumer<String> tell) {
    Machine.busy().ifPresent(tell);
    List<BenchRow> rows = new ArrayList<>();
    try (TestCluster cluster = new OneHostCluster()) {
      String id = cluster.submit(ENDLESS, 1);
      awaitSteps(cluster, id, 300);
      for (String what : request.cases()) {
        List<Double> seconds = new ArrayList<>();
        for (int round = 1; round <= ROUNDS; round++) {
          double took =
              switch (what) {
                case WORKER -> worker(cluster, id);
                case HEAD -> head(cluster, id);
                default -> submission(cluster);
              };
          seconds.add(took);
          tell.accept("recovery: %s, round %d of %d: %.2f s".formatted(what, round, ROUNDS, took));
        }
        double median = seconds.stream().sorted().skip(ROUNDS / 2).findFirst().orElseThrow();
        rows.add(new BenchRow("recovery-" + what, "s", Better.LOWER, median, Map.of()));
      }
    }
    return new BenchReport("recovery", Machine.describe(List.of()), rows);
  }

  /** Until the next attempt has done a step beyond the one that it went on from. */
  private static double worker(TestCluster cluster, String id) {
    long attempt = cluster.job(id).path("attempt").asLong();
    long victim = cluster.leader(id);
    long killed = System.nanoTime();
    TestCluster.kill(victim);
    JsonNode resumed =
        cluster.await(
            id, job -> job.path("attempt").asLong() > attempt && step(job) > 0, PATIENCE_NS);
    cluster.await(id, job -> step(job) > step(resumed), PATIENCE_NS);
    double seconds = secondsSince(killed);
    awaitSteps(cluster, id, step(cluster.job(id)) + 300);
    return seconds;
  }

  /** Until a head answers and says that a step was done since. */
  private static double head(TestCluster cluster, String id) {
    long before = step(cluster.job(id));
    long victim = cluster.pids(HEAD).getFirst();
    long killed = System.nanoTime();
    TestCluster.kill(victim);
    TestCluster.pause(100); // what is answered now was asked before
    cluster.await(id, job -> step(job) > before, PATIENCE_NS);
    double seconds = secondsSince(killed);
    awaitSteps(cluster, id, step(cluster.job(id)) + 300);
    return seconds;
  }

  /** Beside a job that trains already, so on half a core for each thread. */
  private static double submission(TestCluster cluster) {
    long submitted = System.nanoTime();
    String id = cluster.submit(3, 1);
    cluster.await(
        id, job -> step(job) > 0 || job.path("state").asText().equals("FINISHED"), PATIENCE_NS);
    double seconds = secondsSince(submitted);
    cluster.await(id, job -> job.path("state").asText().equals("FINISHED"), PATIENCE_NS);
    return seconds;
  }

  private static void awaitSteps(TestCluster cluster, String id, long steps) {
    cluster.await(id, job -> step(job) >= steps, PATIENCE_NS);
  }

  private static long step(JsonNode job) {
    return job.path("progress").path("step").asLong();
  }

  private static double secondsSince(long nanoTime) {
    return (System.nanoTime() - nanoTime) / 1e9;
  }
}
