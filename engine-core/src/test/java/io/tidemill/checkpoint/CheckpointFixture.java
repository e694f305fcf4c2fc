package io.tidemill.checkpoint;

import io.tidemill.codec.KeyGroupRange;
import io.tidemill.storage.FileContent;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;

/** Checkpoints with known contents. */
final class CheckpointFixture {
  static final RunFacts FACTS = new RunFacts("0.1.0", "abc123", 7, 8, 256, 2, "strict");

  private CheckpointFixture() {}

  static JobDirectory start(Path stateDir) {
    return JobDirectory.start(stateDir, "fraud", "fraud", Map.of("epochs", "3"), 1);
  }

  static Progress progress(long step) {
    return Progress.of(
        step, step * 256, Map.of("cards", new TreeMap<>(Map.of("split-0", step * 1000))));
  }

  /** Commits checkpoint {@code number} with two parts. */
  static StoredCheckpoint commit(JobDirectory job, long number) {
    try (PendingCheckpoint pending = job.checkpoints().begin(number)) {
      pending.write(
          PartKey.state("cards", 0, "state", new KeyGroupRange(0, 512)), content(number, 300));
      pending.write(
          PartKey.state("cards", 1, "state", new KeyGroupRange(512, 1024)), content(number, 200));
      return pending.commit(FACTS, progress(number));
    }
  }

  static FileContent content(long seed, int bytes) {
    byte[] random = new byte[bytes];
    new Random(seed).nextBytes(random);
    return FileContent.of(ByteBuffer.wrap(random));
  }
}
