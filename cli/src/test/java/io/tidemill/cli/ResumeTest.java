package io.tidemill.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.tidemill.cli.Tidemill.Outcome;
import io.tidemill.cli.Tidemill.Running;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Real processes that are killed: promises A, B and C at the command line. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ResumeTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final List<String> JOB =
      List.of("run", "digits", "steps=80", "batch=64", "--seed", "7");
  private static final int SIGKILL = 128 + 9;
  private static final int SIGTERM = 128 + 15;

  private Path folder;
  private Tidemill tidemill;
  private JsonNode undisturbed;

  @BeforeAll
  void runUndisturbed(@TempDir Path shared) throws Exception {
    folder = shared;
    tidemill = new Tidemill(folder);
    undisturbed = report(tidemill.run(words("--state", "undisturbed", "--json", "--quiet")));
  }

  @Test
  void reportsExactlyTheFieldsOfTheContract() {
    assertEquals(
        List.of(
            "job",
            "state",
            "steps",
            "samples",
            "seconds",
            "samplesPerSecond",
            "metrics",
            "weightsSha256",
            "checkpoint",
            "model",
            "workers",
            "mode"),
        names(undisturbed));
    assertEquals(List.of("name", "version", "path"), names(undisturbed.get("model")));
    assertEquals("FINISHED", undisturbed.get("state").asText());
    assertEquals(80, undisturbed.get("steps").asLong());
    assertEquals(80 * 64, undisturbed.get("samples").asLong());
    assertEquals(true, undisturbed.get("metrics").has("testAccuracy"));
  }

  @ParameterizedTest
  @CsvSource({"1,1", "2,2", "3,3", "2,3"})
  void killedAndResumedEndsWithTheSameWeights(int before, int after) throws Exception {
    String state = "killed-" + before + "-" + after;
    Running victim =
        tidemill.start(
            words("--state", state, "--workers", "" + before, "--checkpoint-every", "10"));
    victim.awaitUntil("checkpoint 2", () -> hasCheckpoint(state, 2));
    victim.process().destroyForcibly();
    assertEquals(SIGKILL, victim.await().exit());

    JsonNode resumed =
        report(
            tidemill.run(
                "run",
                "digits",
                "--resume",
                "--state",
                state,
                "--workers",
                "" + after,
                "--json",
                "--quiet"));

    assertSameResult(resumed);
    assertEquals(after, resumed.get("workers").asInt());
  }

  @Test
  void publishesWhileItRunsAndNoVersionIsLostOrDoubledByAKill() throws Exception {
    Running victim =
        tidemill.start(
            words("--state", "published", "--publish-every", "10", "--keep-versions", "99"));
    victim.awaitUntil("version 2", () -> isThere("published/models/digits/2/model.json"));
    victim.process().destroyForcibly();
    assertEquals(SIGKILL, victim.await().exit());

    JsonNode resumed =
        report(
            tidemill.run("run", "digits", "--resume", "--state", "published", "--json", "--quiet"));

    assertSameResult(resumed);
    JsonNode models =
        JSON.readTree(tidemill.run("models", "--state", "published", "--json").lastLine());
    List<Long> steps = new ArrayList<>();
    models.forEach(model -> steps.add(model.get("step").asLong()));
    assertEquals(List.of(10L, 20L, 30L, 40L, 50L, 60L, 70L, 80L), steps);
    assertEquals(
        resumed.get("weightsSha256").asText(), models.get(7).get("weightsSha256").asText());
  }

  @Test
  void interruptedLeavesACheckpointToResumeFrom() throws Exception {
    Running running = tidemill.start(words("--state", "asked", "--checkpoint-every", "10"));
    running.awaitUntil("checkpoint 1", () -> hasCheckpoint("asked", 1));
    running.process().destroy();

    Outcome outcome = running.await();
    assertEquals(SIGTERM, outcome.exit());
    assertTrue(outcome.err().getLast().contains("--resume"), outcome.toString());
    assertSameResult(
        report(tidemill.run("run", "digits", "--resume", "--state", "asked", "--json", "--quiet")));
  }

  @Test
  void usesThePreviousCheckpointWhereAPartIsCorrupt() throws Exception {
    Outcome first =
        tidemill.run(words("--state", "corrupt", "--checkpoint-every", "25", "--json", "--quiet"));
    Path last = folder.resolve(report(first).get("checkpoint").asText());
    Path part = last.resolve("classifier.0.weights.safetensors");
    byte[] bytes = Files.readAllBytes(part);
    bytes[bytes.length / 2] ^= 1;
    Files.write(part, bytes);

    Outcome resumed =
        tidemill.run("run", "digits", "--resume", "--state", "corrupt", "--json", "--quiet");

    assertSameResult(report(resumed));
    assertTrue(resumed.err().getFirst().contains(part.getFileName().toString()));
    long previous = Long.parseLong(last.getFileName().toString()) - 1;
    assertTrue(
        resumed.err().get(1).contains("from checkpoint " + previous), resumed.err().toString());
  }

  private boolean isThere(String path) {
    return Files.exists(folder.resolve(path));
  }

  private void assertSameResult(JsonNode report) {
    assertEquals(undisturbed.get("weightsSha256"), report.get("weightsSha256"));
    assertEquals(undisturbed.get("samples"), report.get("samples"));
    assertEquals(undisturbed.get("steps"), report.get("steps"));
    assertEquals(undisturbed.get("metrics"), report.get("metrics"));
  }

  private static JsonNode report(Outcome outcome) throws IOException {
    assertEquals(0, outcome.exit(), outcome.toString());
    return JSON.readTree(outcome.lastLine());
  }

  private static List<String> names(JsonNode object) {
    return StreamSupport.stream(
            ((Iterable<String>) object::fieldNames).spliterator(), /* parallel= */ false)
        .toList();
  }

  private static String[] words(String... more) {
    List<String> words = new ArrayList<>(JOB);
    words.addAll(List.of(more));
    return words.toArray(String[]::new);
  }

  private boolean hasCheckpoint(String state, int number) {
    Path events = folder.resolve(state).resolve("jobs/digits/events.jsonl");
    try {
      return Files.exists(events)
          && Files.readString(events).contains("\"checkpoint\":" + number + ",");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
