package io.tidemill.benchmarks.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import io.tidemill.benchmarks.report.BenchReport;
import io.tidemill.benchmarks.report.BenchRequest;
import io.tidemill.benchmarks.report.BenchRow;
import io.tidemill.benchmarks.report.BenchRow.Better;
import io.tidemill.benchmarks.report.Benchmark;
import io.tidemill.benchmarks.report.Machine;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.function.Consumer;

/**
 * Does violence to a cluster while it trains, and compares the weights with those of a run that was
 * left alone. Job after job is trained until enough has been done; the seed is printed.
 */
public final class ChaosBenchmark {
  private static final String CASE = "digits";
  private static final int ACTS = 100;
  private static final long STEPS = 2_500;
  private static final long SEED = 20_261_123;
  private static final long JOB_PATIENCE_NS = 600_000_000_000L;
  private static final long AWAY_PATIENCE_NS = 120_000_000_000L;
  private static final List<Integer> WORKERS = List.of(3, 2, 1);

  private ChaosBenchmark() {}

  public static Benchmark benchmark() {
    return new Benchmark(
        "chaos",
        "kills, stops and scales through whole runs; the weights have to stay the same",
        List.of(CASE),
        ChaosBenchmark::measure);
  }

  private static BenchReport measure(BenchRequest request, Consumer<String> tell) {
    try (TestCluster cluster = new TestCluster(_ -> {})) {
      JsonNode alone =
          cluster.await(cluster.submit(STEPS, 1), ChaosBenchmark::hasEnded, JOB_PATIENCE_NS);
      String expected = weights(alone);
      tell.accept("chaos: seed %d, undisturbed weights %s".formatted(SEED, expected));
      Chaos chaos = new Chaos(cluster, request.windowSeconds(), tell);
      int jobs = 0;
      while (chaos.acts < ACTS) {
        jobs++;
        String id = cluster.submit(STEPS, 1);
        String found = weights(chaos.disturb(id));
        if (!found.equals(expected)) {
          throw new EngineException(
              ErrorCode.INTERNAL,
              "after %d acts (seed %d) the weights of %s differ: expected %s, found %s"
                  .formatted(chaos.acts, SEED, id, expected, found));
        }
        tell.accept("chaos: %s has the same weights, %d acts so far".formatted(id, chaos.acts));
      }
      return new BenchReport(
          "chaos",
          Machine.describe(List.of()),
          List.of(
              new BenchRow("chaos-acts", "acts", Better.HIGHER, chaos.acts, Map.of()),
              new BenchRow("chaos-jobs", "jobs", Better.HIGHER, jobs, Map.of())));
    }
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

  /** What is done to a cluster, one act after the other. Confined to one thread. */
  private static final class Chaos {
    private final TestCluster cluster;
    private final double meanSeconds;
    private final Consumer<String> tell;
    private final SplittableRandom random = new SplittableRandom(SEED);
    private int acts;

    private Chaos(TestCluster cluster, double meanSeconds, Consumer<String> tell) {
      this.cluster = cluster;
      this.meanSeconds = meanSeconds;
      this.tell = tell;
    }

    /** The job when it has ended. */
    private JsonNode disturb(String id) {
      long seen = System.nanoTime();
      while (true) {
        TestCluster.pause((long) (1_000 * meanSeconds * (0.5 + random.nextDouble())));
        Optional<JsonNode> job = cluster.look(id);
        seen = job.isPresent() ? System.nanoTime() : seen;
        if (System.nanoTime() - seen > AWAY_PATIENCE_NS) {
          throw new EngineException(
              ErrorCode.INTERNAL,
              "after %d acts (seed %d) no head has answered for %d s"
                  .formatted(acts, SEED, AWAY_PATIENCE_NS / 1_000_000_000L));
        }
        if (job.isPresent() && hasEnded(job.get())) {
          return job.get();
        }
        if (acts < ACTS) {
          act(id);
        }
      }
    }

    private void act(String id) {
      int choice = random.nextInt(10);
      int which = random.nextInt(1 << 16);
      if (choice < 5) {
        hurt("kill -9 a worker", cluster.pids("worker"), which, TestCluster::kill);
      } else if (choice < 7) {
        hurt("kill -9 the head", cluster.pids("head"), which, TestCluster::kill);
      } else if (choice < 8) {
        hurt("kill -STOP a worker", cluster.pids("worker"), which, TestCluster::freeze);
      } else {
        scale(id, WORKERS.get(which % WORKERS.size()));
      }
    }

    private void hurt(String what, List<Long> pids, int which, Consumer<Long> how) {
      if (!pids.isEmpty()) {
        long pid = pids.get(which % pids.size());
        how.accept(pid);
        acts++;
        tell.accept("chaos: act %d: %s, process %d".formatted(acts, what, pid));
      }
    }

    private void scale(String id, int workers) {
      try {
        cluster.scale(id, workers);
        acts++;
        tell.accept("chaos: act %d: %s goes on with %d workers".formatted(acts, id, workers));
      } catch (EngineException e) {
        // The head is away, or the job has just ended.
      }
    }
  }
}
