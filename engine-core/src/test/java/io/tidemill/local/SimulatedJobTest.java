package io.tidemill.local;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemill.checkpoint.JobDirectory;
import io.tidemill.checkpoint.StoredCheckpoint;
import io.tidemill.device.Device;
import io.tidemill.device.Devices;
import io.tidemill.dsl.Params;
import io.tidemill.dsl.PipelineDefinition;
import io.tidemill.model.ModelStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whole jobs on one thread: whatever the interleaving and the kills, the same result. */
class SimulatedJobTest {
  private static final int INTERLEAVINGS = 200;
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
  void givesOneResultInEveryInterleaving() throws IOException {
    JobReport expected = run("expected", 0, 1, 1, 0);
    String rows = Files.readString(rows("expected"));

    assertTrue(expected.samples() > 200, expected.toString());
    assertTrue(expected.metrics().containsKey("accuracy"), expected.toString());
    for (int seed = 1; seed <= INTERLEAVINGS; seed++) {
      String job = "seed-" + seed;
      JobReport report =
          run(job, seed, 1 + seed % 3, 1 + seed % 5, seed % 5 == 0 ? 1 + seed % 3 : 0);
      assertSame(expected, report, "seed=" + seed);
      assertEquals(rows, Files.readString(rows(job)), "seed=" + seed);
    }
  }

  @Test
  void givesTheSameResultWhenKilledAndResumedWithOtherWorkers() throws IOException {
    JobReport expected = run("expected", 0, 1, 1, 0);
    String rows = Files.readString(rows("expected"));

    for (int seed = 1; seed <= KILLED_RUNS; seed++) {
      String job = "killed-" + seed;
      Path own = state.resolve(job);
      Random random = new Random(seed);
      int kills = 0;
      boolean over = false;
      while (!over) {
        JobOptions options =
            options(own, job, 1 + random.nextInt(3), 1 + random.nextInt(4), random.nextInt(4))
                .withResume(kills > 0);
        try (SimulatedJob attempt =
            new SimulatedJob(
                new MixedPipeline(),
                params(job),
                options,
                device,
                random.nextLong(),
                1 + random.nextInt(64),
                JobListener.NONE)) {
          if (kills < 3) {
            for (int turns = random.nextInt(120); turns > 0 && attempt.turn(); turns--) {}
            kills++;
          } else {
            assertSame(expected, attempt.run(), "seed=" + seed);
            over = true;
          }
        }
      }
      assertEquals(rows, Files.readString(rows(job)), "seed=" + seed);
      assertEquals(List.of(1), ModelStore.in(own).versions("net"), "seed=" + seed);
    }
  }

  @Test
  void publishesOnceWhenKilledRightAfterTheLastCommit() throws IOException {
    JobReport expected = run("expected", 0, 1, 1, 0);
    Path own = state.resolve("late");
    try (SimulatedJob first = job(own, "late", 2, 2, 5, false)) {
      while (first.turn()) {}
    }

    JobReport resumed;
    try (SimulatedJob second = job(own, "late", 3, 3, 5, true)) {
      resumed = second.run();
    }

    assertSame(expected, resumed, "resumed");
    assertEquals(List.of(1), ModelStore.in(own).versions("net"));
    assertEquals(Files.readString(rows("expected")), Files.readString(rows("late")));
  }

  @Test
  void goesOnFromSavepointToTheSameResultLongAfterOtherCheckpointsAreGone() throws IOException {
    JobReport expected = run("expected", 0, 1, 1, 0);
    Path own = state.resolve("saved");
    StoredCheckpoint savepoint;
    try (SimulatedJob first = job(own, "saved", 2, 2, 3, false)) {
      CompletableFuture<StoredCheckpoint> asked = first.savepoint();
      while (first.turn()) {}
      savepoint = asked.join();
    }
    assertTrue(savepoint.isSavepoint(), savepoint.toString());
    assertTrue(savepoint.manifest().progress().step() < expected.steps(), savepoint.toString());
    assertEquals(
        List.of("1", "4", "5", "6"),
        names(own.resolve("jobs/saved/checkpoints")).stream().sorted().limit(4).toList());

    StoredCheckpoint again = JobDirectory.goBack(own, "saved", savepoint.number());
    JobReport resumed;
    try (SimulatedJob second = job(own, "saved", 1, 3, 0, true)) {
      resumed = second.run();
    }

    assertEquals(savepoint.manifest().progress(), again.manifest().progress());
    assertSame(expected, resumed, "resumed");
    assertEquals(Files.readString(rows("expected")), Files.readString(rows("saved")));
  }

  private static List<String> names(Path folder) throws IOException {
    try (Stream<Path> entries = Files.list(folder)) {
      return entries.map(entry -> entry.getFileName().toString()).toList();
    }
  }

  private void assertSame(JobReport expected, JobReport found, String run) {
    assertEquals(expected.weightsSha256(), found.weightsSha256(), run);
    assertEquals(expected.metrics(), found.metrics(), run);
    assertEquals(expected.samples(), found.samples(), run);
    assertEquals(expected.steps(), found.steps(), run);
  }

  private JobReport run(String job, long seed, int workers, int threads, int checkpointEvery) {
    JobOptions options = options(state.resolve(job), job, workers, threads, checkpointEvery);
    try (SimulatedJob simulated =
        new SimulatedJob(
            new MixedPipeline(),
            params(job),
            options,
            device,
            seed,
            1 + (int) seed % 50,
            JobListener.NONE)) {
      return simulated.run();
    }
  }

  private SimulatedJob job(
      Path own, String job, int workers, int threads, int every, boolean resume) {
    PipelineDefinition pipeline = new MixedPipeline();
    JobOptions options = options(own, job, workers, threads, every).withResume(resume);
    return new SimulatedJob(pipeline, params(job), options, device, 7, 16, JobListener.NONE);
  }

  private static JobOptions options(
      Path own, String job, int workers, int threads, int checkpointEvery) {
    return JobOptions.of(job, "mixed", own)
        .withWorkers(workers)
        .withThreads(threads)
        .withCheckpointEvery(checkpointEvery);
  }

  private Params params(String job) {
    return new Params(Map.of("rows", rows(job).toString()), 1);
  }

  private Path rows(String job) {
    return state.resolve(job + ".csv");
  }
}
