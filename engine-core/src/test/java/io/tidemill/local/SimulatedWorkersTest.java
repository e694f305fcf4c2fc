package io.tidemill.local;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemill.device.Device;
import io.tidemill.device.Devices;
import io.tidemill.dsl.Params;
import io.tidemill.error.EngineException;
import io.tidemill.model.ModelStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Jobs whose tasks are on several workers: wherever they run, the same result. */
@Timeout(240)
final class SimulatedWorkersTest {
  private static final int INTERLEAVINGS = 100;
  private static final int KILLED_RUNS = 20;
  private static Device device;

  @TempDir Path state;

  @BeforeAll
  static void open() {
    device = Devices.open("cpu");
  }

  @AfterAll
  static void close() {
    device.close();
  }

  @Test
  void givesTheResultOfOneProcessInEveryInterleaving() throws IOException {
    JobReport expected = alone("expected");
    String rows = Files.readString(rows("expected"));

    for (int seed = 1; seed <= INTERLEAVINGS; seed++) {
      String job = "seed-" + seed;
      JobOptions options =
          options(job, 2 + seed % 2, 2 + seed % 5, seed % 5 == 0 ? 1 + seed % 3 : 0);
      try (SimulatedWorkers workers = workers(job, options, seed)) {
        assertSame(expected, workers.run(), "seed=" + seed);
        assertTrue(workers.frames() > 100, "seed=" + seed + " frames=" + workers.frames());
      }
      assertEquals(rows, Files.readString(rows(job)), "seed=" + seed);
    }
  }

  @Test
  void givesTheSameResultWhenKilledAndResumedWithAnotherNumberOfWorkers() throws IOException {
    JobReport expected = alone("expected");
    String rows = Files.readString(rows("expected"));

    for (int seed = 1; seed <= KILLED_RUNS; seed++) {
      String job = "killed-" + seed;
      Random random = new Random(seed);
      for (int kills = 0; kills < 3; kills++) {
        JobOptions options =
            options(job, 1 + random.nextInt(3), 1 + random.nextInt(5), 1 + random.nextInt(3))
                .withResume(kills > 0);
        try (SimulatedWorkers attempt = workers(job, options, random.nextLong())) {
          for (int turns = random.nextInt(200); turns > 0 && attempt.turn(); turns--) {}
        }
      }
      JobOptions last = options(job, 1 + seed % 3, 3, 0).withResume(true);
      try (SimulatedWorkers attempt = workers(job, last, seed)) {
        assertSame(expected, attempt.run(), "seed=" + seed);
      }
      assertEquals(rows, Files.readString(rows(job)), "seed=" + seed);
      assertEquals(List.of(1), ModelStore.in(state.resolve(job)).versions("net"), "seed=" + seed);
    }
  }

  @Test
  void whatATaskOfAnotherWorkerFailsWithIsTheFailureOfTheJob() {
    EngineException alone =
        assertThrows(EngineException.class, () -> alone("alone", Map.of("bad", "57")));

    JobOptions options = options("three", 3, 3, 0);
    try (SimulatedWorkers workers =
        new SimulatedWorkers(
            new MixedPipeline(), params("three", Map.of("bad", "57")), options, device, 1, 300)) {
      EngineException together = assertThrows(EngineException.class, workers::run);

      assertEquals(alone.code(), together.code());
      for (EngineException failure : List.of(alone, together)) {
        assertTrue(
            failure
                .getMessage()
                .matches(
                    "operator echo failed at the record of split=\\d offset=\\d+:"
                        + " java.lang.IllegalStateException: bad event at 57"),
            failure.getMessage());
      }
    }
  }

  private static void assertSame(JobReport expected, JobReport found, String run) {
    assertEquals(expected.weightsSha256(), found.weightsSha256(), run);
    assertEquals(expected.metrics(), found.metrics(), run);
    assertEquals(expected.samples(), found.samples(), run);
    assertEquals(expected.steps(), found.steps(), run);
  }

  private JobReport alone(String job) {
    return alone(job, Map.of());
  }

  private JobReport alone(String job, Map<String, String> more) {
    try (SimulatedJob one =
        new SimulatedJob(
            new MixedPipeline(),
            params(job, more),
            options(job, 1, 1, 0),
            device,
            0,
            7,
            JobListener.NONE)) {
      return one.run();
    }
  }

  private SimulatedWorkers workers(String job, JobOptions options, long seed) {
    int frameBytes = 256 + (int) Math.floorMod(seed, 5L) * 100;
    return new SimulatedWorkers(
        new MixedPipeline(), params(job, Map.of()), options, device, seed, frameBytes);
  }

  private JobOptions options(String job, int workers, int threads, int checkpointEvery) {
    return JobOptions.of(job, "mixed", state.resolve(job))
        .withWorkers(workers)
        .withThreads(threads)
        .withCheckpointEvery(checkpointEvery);
  }

  /** With one shard, so that the training has one rank: it is the records that travel here. */
  private Params params(String job, Map<String, String> more) {
    Map<String, String> all = new HashMap<>(more);
    all.put("rows", rows(job).toString());
    all.put("shards", "1");
    return new Params(all, 1);
  }

  private Path rows(String job) {
    return state.resolve(job + ".csv");
  }
}
