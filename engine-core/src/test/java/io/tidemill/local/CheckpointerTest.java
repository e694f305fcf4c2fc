package io.tidemill.local;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import io.tidemill.checkpoint.JobDirectory;
import io.tidemill.checkpoint.Progress;
import io.tidemill.checkpoint.RunFacts;
import io.tidemill.checkpoint.StoredCheckpoint;
import io.tidemill.operator.StatePart;
import io.tidemill.task.JobSignals;
import io.tidemill.task.TaskId;
import io.tidemill.task.TaskReport;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckpointerTest {
  private static final TaskId TASK = new TaskId("words", 0);

  @TempDir Path state;
  private JobDirectory job;
  private Checkpointer checkpointer;
  private final JobSignals signals = new JobSignals();

  @BeforeEach
  void start() {
    job = JobDirectory.start(state, "job", "test", Map.of(), 1);
    checkpointer =
        new Checkpointer(
            job.checkpoints(),
            new RunFacts("0.1.0", "abc123", 1, 8, 256, 1, "strict"),
            Set.of(TASK),
            signals,
            Runnable::run,
            () -> Progress.of(1, 256, Map.of()));
  }

  @AfterEach
  void close() {
    job.close();
  }

  @Test
  void linksAPartOfTheSameBytesAndWritesAnother() throws IOException {
    Path first = commit(new byte[] {1, 2}, new byte[] {3});
    Path second = commit(new byte[] {1, 2}, new byte[] {4});

    assertEquals(inode(first, "words.0.same.state"), inode(second, "words.0.same.state"));
    assertNotEquals(inode(first, "words.0.other.state"), inode(second, "words.0.other.state"));
    StoredCheckpoint latest = job.checkpoints().latest().checkpoint().orElseThrow();
    assertEquals(second, latest.folder());
    assertEquals(4, latest.read(latest.parts("words", "other").getFirst())[0]);
  }

  private Path commit(byte[] same, byte[] other) {
    assertEquals(Optional.empty(), checkpointer.start(false));
    checkpointer.accept(
        new TaskReport.Snapshot(
            TASK,
            signals.requestedCheckpoint(),
            Map.of("words", List.of(StatePart.of("same", same), StatePart.of("other", other)))));
    return assertInstanceOf(Checkpointer.Outcome.Committed.class, checkpointer.poll().orElseThrow())
        .checkpoint()
        .folder();
  }

  private static Object inode(Path checkpoint, String file) throws IOException {
    return Files.getAttribute(checkpoint.resolve(file), "unix:ino");
  }
}
