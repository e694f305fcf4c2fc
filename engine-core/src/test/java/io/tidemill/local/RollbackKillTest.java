package io.tidemill.local;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Kills a real process that goes back to its checkpoints now and then. */
@Timeout(240)
final class RollbackKillTest {
  private static final int SIGKILL = 128 + 9;

  @TempDir Path folder;

  @Test
  void killedTwiceAndResumedComesToTheSameWeights() throws Exception {
    JobReport expected = RollbackJob.run(folder.resolve("undisturbed"), 1);
    assertEquals(250, expected.steps());
    assertTrue(expected.skippedSteps() >= 4, expected.toString()); // 4 batches hold a bad sample

    Path state = folder.resolve("killed");
    killBehindCheckpoint(3, state, 2);
    killBehindCheckpoint(25, state, 3);
    Process last = start(state, 1);
    assertEquals(0, last.waitFor());

    assertEquals(
        expected.weightsSha256().orElseThrow() + " " + expected.skippedSteps(),
        Files.readString(output()).strip());
  }

  private void killBehindCheckpoint(int number, Path state, int workers) throws Exception {
    Process victim = start(state, workers);
    Path events = state.resolve("jobs").resolve(RollbackJob.NAME).resolve("events.jsonl");
    while (!(Files.exists(events)
        && Files.readString(events).contains("\"checkpoint\":" + number + ","))) {
      assertTrue(victim.isAlive(), "ended before checkpoint " + number);
      victim.waitFor(5, TimeUnit.MILLISECONDS); // a step of waiting that ends with the process
    }
    victim.destroyForcibly();
    assertEquals(SIGKILL, victim.waitFor());
  }

  private Process start(Path state, int workers) throws IOException {
    return new ProcessBuilder(
            ProcessHandle.current().info().command().orElseThrow(),
            "@" + Path.of("..", "jvm.flags"),
            "-Xmx256m",
            "-XX:TieredStopAtLevel=1",
            "-cp",
            System.getProperty("java.class.path"),
            RollbackJob.class.getName(),
            state.toString(),
            "" + workers)
        .redirectOutput(output().toFile())
        .redirectError(ProcessBuilder.Redirect.INHERIT)
        .start();
  }

  private Path output() {
    return folder.resolve("output.txt");
  }
}
