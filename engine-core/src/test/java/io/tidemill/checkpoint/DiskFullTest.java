package io.tidemill.checkpoint;

import static io.tidemill.checkpoint.CheckpointFixture.commit;
import static io.tidemill.checkpoint.CheckpointFixture.content;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemill.codec.KeyGroupRange;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Fills a real file system of one megabyte. */
class DiskFullTest {
  @TempDir private Path mountPoint;
  private boolean mounted;

  @BeforeEach
  void mount() throws Exception {
    mounted = run("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", mountPoint.toString());
    if (!mounted) {
      System.out.println("skipped: DiskFullTest needs the right to mount a tmpfs");
    }
    Assumptions.assumeTrue(mounted, "needs the right to mount a tmpfs");
  }

  @AfterEach
  void unmount() throws Exception {
    if (mounted) {
      assertTrue(run("umount", mountPoint.toString()));
    }
  }

  @Test
  void losesNothingEarlierWhenTheDiskIsFull() {
    try (JobDirectory job = CheckpointFixture.start(mountPoint)) {
      StoredCheckpoint first = commit(job, 1);
      PendingCheckpoint pending = job.checkpoints().begin(2);

      EngineException full =
          assertThrows(
              EngineException.class,
              () ->
                  pending.write(
                      PartKey.state("cards", 0, "state", KeyGroupRange.ALL), content(2, 2 << 20)));

      assertEquals(ErrorCode.RESOURCE, full.code());
      assertEquals(
          "checkpoint 2 of job fraud was not written: No space left on device; earlier checkpoints"
              + " are untouched; free space or choose another --state",
          full.getMessage());
      assertFalse(Files.exists(job.folder().resolve("checkpoints/2.tmp-1")));
      assertEquals(new LatestCheckpoint(Optional.of(first), List.of()), latest(job));
      assertEquals(2, commit(job, 2).number());
    }
  }

  @Test
  void cutsOffAnEventThatDidNotFit() throws IOException {
    try (JobDirectory job = CheckpointFixture.start(mountPoint)) {
      Instant at = Instant.parse("2026-11-23T00:00:00Z");
      job.events().append(at, "started", Map.of());

      assertThrows(
          EngineException.class,
          () -> job.events().append(at, "long", Map.of("text", "x".repeat(2 << 20))));
      job.events().append(at, "ended", Map.of("step", 3));

      assertEquals(
          List.of("started", "ended"),
          EventLog.read(job.folder()).stream().map(event -> event.get("event")).toList());
    }
  }

  private static LatestCheckpoint latest(JobDirectory job) {
    return job.checkpoints().latest();
  }

  private static boolean run(String... command) throws InterruptedException {
    try {
      return new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start()
              .waitFor()
          == 0;
    } catch (IOException e) {
      return false; // There is no such command here.
    }
  }
}
