package io.tidemill.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Kills a real process in the middle of its commits. */
@Timeout(120)
class CheckpointKillTest {
  private static final int KILLS = 6;

  @TempDir private Path stateDir;

  @Test
  void findsTheLastCommittedCheckpointAfterEachKill() throws Exception {
    Random random = new Random(20);
    long committed = 0;
    for (int kill = 1; kill <= KILLS; kill++) {
      committed = Math.max(committed, killAfter(1 + random.nextInt(8), random.nextInt(400_000)));

      try (JobDirectory job = JobDirectory.resume(stateDir, "fraud")) {
        LatestCheckpoint latest = job.checkpoints().latest();
        long found = latest.checkpoint().orElseThrow().number();

        assertEquals(List.of(), latest.damages(), "kill " + kill);
        assertTrue(found >= committed, "found " + found + " after " + committed);
        assertEquals(2L * kill, job.record().generation());
        assertEquals(JobState.RUNNING, job.record().state());
        committed = found;
      }
    }
  }

  /** Runs the loop for some commits and spins a moment; returns the last number that it said. */
  private long killAfter(int commits, int spins) throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(
                ProcessHandle.current().info().command().orElseThrow(),
                "-Xmx64m",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                CommitLoop.class.getName(),
                stateDir.toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    long last = 0;
    try (BufferedReader output = process.inputReader()) {
      for (int line = 0; line < commits; line++) {
        last = Long.parseLong(output.readLine());
      }
      for (int spin = 0; spin < spins; spin++) {
        Thread.onSpinWait();
      }
      process.toHandle().destroyForcibly(); // Unlike the process, leaves what was said readable.
      for (String line = output.readLine(); line != null; line = output.readLine()) {
        last = Long.parseLong(line);
      }
    }
    process.waitFor();
    return last;
  }
}
