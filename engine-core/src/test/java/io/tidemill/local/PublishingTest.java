package io.tidemill.local;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemill.connector.GeneratedSource;
import io.tidemill.device.Device;
import io.tidemill.device.Devices;
import io.tidemill.dsl.Params;
import io.tidemill.dsl.PipelineDefinition;
import io.tidemill.error.EngineException;
import io.tidemill.model.Lineage;
import io.tidemill.model.ModelStore;
import io.tidemill.model.StoredModel;
import io.tidemill.network.Dense;
import io.tidemill.network.Network;
import io.tidemill.storage.DurableFiles;
import io.tidemill.storage.SealedJson;
import io.tidemill.train.Encoding;
import io.tidemill.train.NonFinite;
import io.tidemill.train.Publishing;
import io.tidemill.train.Training;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Versions that a job publishes while it runs: which, how often, and which of them stay. */
class PublishingTest {
  private static final int KILLED_RUNS = 12;
  private static final int MOST_TURNS = 1_000_000;
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
  void publishesAfterTheSameStepsWithTheSameWeightsHoweverManyWorkersTrain() {
    Map<String, String> asked = Map.of("publish-every", "3", "keep-versions", "99");
    JobReport silent = run("silent", 1, 0, Map.of());
    JobReport one = run("one", 1, 0, asked);
    JobReport three = run("three", 3, 4, asked);

    List<StoredModel> versions = versions("one", "net");
    assertEquals(stepsUpTo(one.steps(), 3), steps(versions));
    assertEquals(weights(versions), weights(versions("three", "net")));
    assertEquals(steps(versions), steps(versions("three", "net")));
    assertEquals(silent.weightsSha256(), one.weightsSha256());
    assertEquals(silent.weightsSha256(), three.weightsSha256());
    assertEquals(
        silent.weightsSha256().orElseThrow(), versions.getLast().description().weightsSha256());
    assertEquals(eventTimes(versions), eventTimes(versions("three", "net")));
    assertEquals(eventTimes(versions).stream().sorted().toList(), eventTimes(versions));
    assertTrue(
        eventTimes(versions).getFirst().isBefore(eventTimes(versions).getLast()),
        eventTimes(versions).toString());
    assertEquals(1, versions("silent", "net").size());
    for (StoredModel version : versions) {
      Lineage lineage = version.description().lineage();
      assertTrue(hasManifest("one", lineage.checkpoint()), "its checkpoint stays: " + lineage);
    }
  }

  @Test
  void losesNoVersionAndMakesNoneTwiceWhenKilledAndResumed() {
    Map<String, String> asked = Map.of("publish-every", "2", "keep-versions", "99");
    run("whole", 1, 0, asked);
    List<StoredModel> expected = versions("whole", "net");

    for (int seed = 1; seed <= KILLED_RUNS; seed++) {
      String job = "killed-" + seed;
      Random random = new Random(seed);
      int kills = 0;
      boolean over = false;
      while (!over) {
        JobOptions options =
            options(job, 1 + random.nextInt(3), random.nextInt(3)).withResume(kills > 0);
        try (SimulatedJob attempt =
            job(new MixedPipeline(), job, options, asked, random.nextLong())) {
          if (kills < 4) {
            for (int turns = random.nextInt(120); turns > 0 && attempt.turn(); turns--) {}
            kills++;
          } else {
            attempt.run();
            over = true;
          }
        }
      }
      assertEquals(steps(expected), steps(versions(job, "net")), "seed=" + seed);
      assertEquals(weights(expected), weights(versions(job, "net")), "seed=" + seed);
      assertEquals(eventTimes(expected), eventTimes(versions(job, "net")), "seed=" + seed);
    }
  }

  @Test
  void publishesWhatWasCommittedRightBeforeItWasKilled() throws Exception {
    Map<String, String> asked = Map.of("publish-every", "2", "keep-versions", "99");
    run("killed", 1, 0, asked);
    List<StoredModel> expected = versions("killed", "net");
    // As if the process had died between the commit of the last two and their publication.
    for (StoredModel version : expected.subList(expected.size() - 2, expected.size())) {
      DurableFiles.deleteTree(version.folder());
    }

    try (SimulatedJob resumed =
        job(new MixedPipeline(), "killed", options("killed", 2, 0).withResume(true), asked, 5)) {
      resumed.run();
    }

    assertEquals(steps(expected), steps(versions("killed", "net")));
    assertEquals(weights(expected), weights(versions("killed", "net")));
  }

  @Test
  void keepsTheLatestVersionsOfARunAndThoseThatAreNamed() throws Exception {
    Path folder = Files.createDirectories(state.resolve("kept/models/net"));
    SealedJson.of(Named.class, 1, 0)
        .write(folder.resolve("traffic.json"), new Named(0, 0, 0, Map.of("good", 2)));
    Map<String, String> asked = Map.of("publish-every", "1", "keep-versions", "2");

    JobReport report = run("kept", 1, 0, asked);

    int last = (int) report.steps();
    assertEquals(List.of(2, last - 1, last), ModelStore.in(state.resolve("kept")).versions("net"));
    JobReport again = run("kept", 1, 0, asked);
    assertEquals(
        List.of(2, last - 1, last, last + (int) again.steps() - 1, last + (int) again.steps()),
        ModelStore.in(state.resolve("kept")).versions("net"),
        "what another run ended with stays");
  }

  @Test
  void neverDeletesAVersionWhoseCheckpointIsASavepoint() {
    Map<String, String> asked = Map.of("publish-every", "1", "keep-versions", "1");
    long saved;
    try (SimulatedJob job = job(new MixedPipeline(), "saved", options("saved", 1, 0), asked, 3)) {
      var asking = job.savepoint();
      job.run();
      saved = asking.join().number();
    }

    List<Long> checkpoints =
        versions("saved", "net").stream()
            .map(version -> version.description().lineage().checkpoint())
            .toList();
    assertEquals(2, checkpoints.size(), checkpoints.toString());
    assertTrue(checkpoints.contains(saved), checkpoints + " saved=" + saved);
  }

  @Test
  void publishesAJobWithoutEndAsItRunsAndNoMoreThanItKeeps() {
    JobOptions options = options("endless", 1, 50);
    List<Long> told = new ArrayList<>();
    JobListener listener =
        new JobListener() {
          @Override
          public void published(JobReport.PublishedModel model) {
            told.add(model.version());
          }
        };
    try (SimulatedJob job =
        new SimulatedJob(
            endless(Publishing.unlessSaid(true)),
            new Params(Map.of(), 1),
            options,
            device,
            1,
            64,
            listener)) {
      for (int turns = 0; turns < MOST_TURNS && told.size() < 8 && job.turn(); turns++) {
        job.passNs(100_000_000);
      }
    }

    List<StoredModel> versions = versions("endless", "net");
    assertEquals(List.of(1L, 2L, 3L, 4L, 5L, 6L, 7L, 8L), told);
    assertEquals(Publishing.KEPT, versions.size());
    assertEquals(8, versions.getLast().version());
  }

  @Test
  void refusesToTakeCheckpointsOfItsOwnWhereATrainingGoesBackToThem() {
    JobOptions options = options("rollback", 1, 4);
    Params params = new Params(Map.of("publish-every", "6"), 1);

    EngineException refusal =
        assertThrows(EngineException.class, () -> LocalJob.graph(rollingBack(), params, options));

    assertTrue(
        refusal
            .getMessage()
            .endsWith("expected publish-every to be a multiple of --checkpoint-every 4, found 6"),
        refusal.getMessage());
    LocalJob.graph(rollingBack(), new Params(Map.of("publish-every", "8"), 1), options);
  }

  @Test
  void refusesSenselessNumbersInOneSentence() {
    assertEquals(
        "parameter publish-every has to be a whole number of at least 0, found \"-1\"",
        refusal(Map.of("publish-every", "-1")));
    assertEquals(
        "parameter keep-versions has to be a whole number of at least 1 and at most 2147483647,"
            + " found \"0\"",
        refusal(Map.of("keep-versions", "0")));
  }

  private static String refusal(Map<String, String> params) {
    Map<String, String> all = new TreeMap<>(params);
    all.put("rows", "nowhere");
    return assertThrows(
            EngineException.class,
            () ->
                LocalJob.graph(
                    new MixedPipeline(), new Params(all, 1), JobOptions.of("j", "p", Path.of("x"))))
        .getMessage();
  }

  /** What a server writes, as far as it names versions. */
  private record Named(int stable, int canary, int shadow, Map<String, Integer> labels) {}

  private static PipelineDefinition endless(Publishing publishing) {
    return (pipeline, params) ->
        pipeline
            .source("numbers", GeneratedSource.unbounded(Long.class, index -> index))
            .train("net", training())
            .publish("publish", "net", List.of(), publishing);
  }

  private static PipelineDefinition rollingBack() {
    return (pipeline, params) ->
        pipeline
            .source("numbers", GeneratedSource.unbounded(Long.class, index -> index))
            .train("net", training().steps(20).onNonFinite(NonFinite.ROLL_BACK))
            .publish("publish", "net", List.of());
  }

  private static Training<Long> training() {
    return Training.of(
            Network.sequential(Dense.of(2, 2)),
            Encoding.ofFloats(2, (Long n) -> new float[] {n % 3, n % 2}, n -> (int) (n % 2)))
        .globalBatch(4)
        .shards(2);
  }

  private JobReport run(String job, int workers, int checkpointEvery, Map<String, String> asked) {
    try (SimulatedJob simulated =
        job(new MixedPipeline(), job, options(job, workers, checkpointEvery), asked, 7)) {
      return simulated.run();
    }
  }

  private SimulatedJob job(
      PipelineDefinition pipeline,
      String job,
      JobOptions options,
      Map<String, String> asked,
      long interleaving) {
    Map<String, String> params = new TreeMap<>(asked);
    params.put("rows", state.resolve(job + ".csv").toString());
    return new SimulatedJob(
        pipeline, new Params(params, 1), options, device, interleaving, 16, JobListener.NONE);
  }

  private JobOptions options(String job, int workers, int checkpointEvery) {
    return JobOptions.of(job, "mixed", state.resolve(job))
        .withWorkers(workers)
        .withThreads(workers)
        .withCheckpointEvery(checkpointEvery);
  }

  private List<StoredModel> versions(String job, String model) {
    return ModelStore.in(state.resolve(job)).list(model);
  }

  private boolean hasManifest(String job, long checkpoint) {
    return Files.exists(
        state
            .resolve(job)
            .resolve("jobs/" + job + "/checkpoints/" + checkpoint + "/manifest.json"));
  }

  private static List<Long> stepsUpTo(long last, long every) {
    List<Long> steps = new ArrayList<>();
    for (long step = every; step < last; step += every) {
      steps.add(step);
    }
    steps.add(last);
    return steps;
  }

  private static List<Long> steps(List<StoredModel> versions) {
    return versions.stream().map(version -> version.description().lineage().step()).toList();
  }

  private static List<Instant> eventTimes(List<StoredModel> versions) {
    return versions.stream()
        .map(version -> version.description().lineage().trainedUpTo().orElseThrow())
        .toList();
  }

  private static List<String> weights(List<StoredModel> versions) {
    return versions.stream().map(version -> version.description().weightsSha256()).toList();
  }
}
