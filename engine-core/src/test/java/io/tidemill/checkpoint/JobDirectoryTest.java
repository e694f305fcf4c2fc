package io.tidemill.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class JobDirectoryTest {
  private static final Instant AT = Instant.parse("2026-11-23T10:00:00Z");

  @TempDir private Path stateDir;

  @Test
  void recordsWhatRuns() {
    try (JobDirectory job = CheckpointFixture.start(stateDir)) {
      JobRecord found = JobDirectory.find(stateDir, "fraud").orElseThrow();

      assertEquals(job.record(), found);
      assertEquals("fraud", found.pipeline());
      assertEquals(Map.of("epochs", "3"), found.params());
      assertEquals(1, found.generation());
      assertEquals(JobState.RUNNING, found.state());
      job.mark(JobState.FINISHED);
    }
    assertEquals(
        List.of(JobState.FINISHED),
        JobDirectory.list(stateDir).stream().map(JobRecord::state).toList());
  }

  @Test
  void keepsTheRunOnResumeAndBeginsAnotherOnStart() {
    JobRecord first = startAndClose();

    JobRecord resumed;
    try (JobDirectory job = JobDirectory.resume(stateDir, "fraud")) {
      resumed = job.record();
    }
    JobRecord fresh = startAndClose();

    assertEquals(first.runId(), resumed.runId());
    assertEquals(2, resumed.generation());
    assertNotEquals(first.runId(), fresh.runId());
    assertEquals(3, fresh.generation());
  }

  @Test
  void refusesASecondHolderInThisProcess() {
    try (JobDirectory job = CheckpointFixture.start(stateDir)) {
      EngineException refused =
          assertThrows(EngineException.class, () -> CheckpointFixture.start(stateDir));

      assertEquals(ErrorCode.RESOURCE, refused.code());
      assertEquals(
          "job fraud is already run by process "
              + job.record().pid()
              + "; wait for it, stop it, or choose another --job",
          refused.getMessage());
    }
    startAndClose();
  }

  @Test
  @Timeout(60)
  void refusesASecondHolderInAnotherProcess() throws IOException, InterruptedException {
    Process holder =
        new ProcessBuilder(
                ProcessHandle.current().info().command().orElseThrow(),
                "-cp",
                System.getProperty("java.class.path"),
                CommitLoop.class.getName(),
                stateDir.toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try (BufferedReader output = holder.inputReader()) {
      assertEquals("1", output.readLine());

      EngineException refused =
          assertThrows(EngineException.class, () -> JobDirectory.resume(stateDir, "fraud"));

      assertTrue(refused.getMessage().contains("by process " + holder.pid()), refused.toString());
    } finally {
      holder.destroyForcibly().waitFor();
    }
    JobDirectory.resume(stateDir, "fraud").close();
  }

  @Test
  void refusesToResumeWhatIsNotThere() {
    EngineException refused =
        assertThrows(EngineException.class, () -> JobDirectory.resume(stateDir, "fraud"));

    assertEquals(ErrorCode.NOT_FOUND, refused.code());
  }

  @Test
  void refusesNamesThatLeaveTheFolder() {
    for (String name : List.of("", "..", "../x", "a/b", ".hidden", "a b", "x".repeat(129))) {
      EngineException refused =
          assertThrows(
              EngineException.class,
              () -> JobDirectory.start(stateDir, name, "fraud", Map.of(), 1).close());
      assertEquals(ErrorCode.INVALID_ARGUMENT, refused.code());
    }
  }

  @Test
  void ignoresATornLastEventAndCutsItOffBeforeTheNext() throws IOException {
    Path log;
    try (JobDirectory job = CheckpointFixture.start(stateDir)) {
      job.events().append(AT, "metric", Map.of("loss", 0.5));
      log = job.folder().resolve("events.jsonl");
    }
    Files.writeString(log, "{\"at\":\"2026-11", StandardOpenOption.APPEND);
    assertEquals(List.of("metric"), events());

    try (JobDirectory job = JobDirectory.resume(stateDir, "fraud")) {
      job.events().append(AT, "resumed", Map.of("step", 2));
    }

    assertEquals(List.of("metric", "resumed"), events());
    assertEquals(
        "{\"at\":\"2026-11-23T10:00:00Z\",\"event\":\"metric\",\"loss\":0.5}",
        Files.readAllLines(log).getFirst());
  }

  private List<Object> events() {
    return EventLog.read(stateDir.resolve("jobs/fraud")).stream()
        .map(event -> event.get("event"))
        .toList();
  }

  private JobRecord startAndClose() {
    try (JobDirectory job = CheckpointFixture.start(stateDir)) {
      return job.record();
    }
  }
}
