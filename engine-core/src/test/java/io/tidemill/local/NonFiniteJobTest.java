package io.tidemill.local;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.tidemill.connector.GeneratedSource;
import io.tidemill.device.Device;
import io.tidemill.device.Devices;
import io.tidemill.dsl.Params;
import io.tidemill.dsl.Pipeline;
import io.tidemill.dsl.PipelineDefinition;
import io.tidemill.error.EngineException;
import io.tidemill.network.Dense;
import io.tidemill.network.Network;
import io.tidemill.train.Encoding;
import io.tidemill.train.Training;
import java.nio.file.Path;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Jobs of 50 steps, two of which meet a sample that is no number, killed and resumed. */
final class NonFiniteJobTest {
  private static final int CHECKPOINT_EVERY = 4;
  private static final int KILLED_RUNS = 12;
  private static Device device;

  record Point(float x, int group) {}

  @TempDir Path state;

  @BeforeAll
  static void open() {
    device = Devices.open("cpu");
  }

  @AfterAll
  static void close() {
    device.close();
  }

  @ParameterizedTest
  @CsvSource({"skip,2", "rollback,5"})
  void killedAndResumedAnywhereComesToTheSameWeights(String policy, long skipped) {
    JobReport expected;
    try (SimulatedJob job = job(policy, "expected", 1, 1, CHECKPOINT_EVERY, 0, false)) {
      expected = job.run();
    }
    assertEquals(50, expected.steps());
    assertEquals(skipped, expected.skippedSteps());

    for (int seed = 1; seed <= KILLED_RUNS; seed++) {
      JobReport found = killedThreeTimes(policy, "killed-" + seed, new Random(seed));
      assertEquals(expected.weightsSha256(), found.weightsSha256(), "seed=" + seed);
      assertEquals(expected.skippedSteps(), found.skippedSteps(), "seed=" + seed);
      assertEquals(expected.samples(), found.samples(), "seed=" + seed);
    }
  }

  @Test
  void thePoliciesComeToDifferentWeights() {
    try (SimulatedJob skips = job("skip", "skips", 1, 1, CHECKPOINT_EVERY, 0, false);
        SimulatedJob goesBack = job("rollback", "goes-back", 1, 1, CHECKPOINT_EVERY, 0, false)) {
      assertNotEquals(skips.run().weightsSha256(), goesBack.run().weightsSha256());
    }
  }

  @Test
  void refusesToGoBackToCheckpointsThatTimeDecides() {
    JobOptions byTime = JobOptions.of("job", "points", state);
    Params params = new Params(Map.of("nonfinite", "rollback"), 1);

    assertEquals(
        "training net goes back to its last checkpoint when a step is not finite, so checkpoints"
            + " have to come after fixed steps: expected --checkpoint-every STEPS, found none",
        assertThrows(
                EngineException.class,
                () -> LocalJob.define(NonFiniteJobTest::define, params, byTime))
            .getMessage());
  }

  @Test
  void refusesAPolicyThatThereIsNot() {
    Params params = new Params(Map.of("nonfinite", "ignore"), 1);

    assertEquals(
        "parameter nonfinite has to be one of stop, skip, rollback; found \"ignore\"",
        assertThrows(
                EngineException.class, () -> NonFiniteJobTest.define(new Pipeline(params), params))
            .getMessage());
  }

  private JobReport killedThreeTimes(String policy, String name, Random random) {
    for (int kills = 0; ; kills++) {
      try (SimulatedJob attempt =
          job(
              policy,
              name,
              1 + random.nextInt(3),
              1 + random.nextInt(4),
              CHECKPOINT_EVERY,
              random.nextLong(),
              kills > 0)) {
        if (kills == 3) {
          return attempt.run();
        }
        for (int turns = random.nextInt(400); turns > 0 && attempt.turn(); turns--) {}
      }
    }
  }

  private SimulatedJob job(
      String policy,
      String name,
      int workers,
      int threads,
      int checkpointEvery,
      long interleaving,
      boolean resume) {
    JobOptions options =
        JobOptions.of(name, "points", state.resolve(name))
            .withWorkers(workers)
            .withThreads(threads)
            .withCheckpointEvery(checkpointEvery)
            .withResume(resume);
    PipelineDefinition pipeline = NonFiniteJobTest::define;
    Params params = new Params(Map.of("nonfinite", policy), 1);
    return new SimulatedJob(pipeline, params, options, device, interleaving, 16, JobListener.NONE);
  }

  private static void define(Pipeline p, Params params) {
    p.source("points", GeneratedSource.bounded(Point.class, NonFiniteJobTest::point, 400))
        .train(
            "net",
            Training.of(
                    Network.sequential(Dense.of(1, 2)),
                    Encoding.<Point>ofFloats(1, e -> new float[] {e.x()}, Point::group))
                .globalBatch(16)
                .shards(4)
                .epochs(2)
                .shuffle());
  }

  private static Point point(long index) {
    float x = index == 123 ? Float.NaN : (index * 37 % 101) / 50f - 1;
    return new Point(x, x > 0 ? 1 : 0);
  }
}
