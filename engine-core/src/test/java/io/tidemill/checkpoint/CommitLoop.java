package io.tidemill.checkpoint;

import java.nio.file.Path;

/** A process that commits checkpoints until it is killed; says each number when it is committed. */
final class CommitLoop {
  private CommitLoop() {}

  public static void main(String[] arguments) {
    Path stateDir = Path.of(arguments[0]);
    try (JobDirectory job =
        JobDirectory.find(stateDir, "fraud").isPresent()
            ? JobDirectory.resume(stateDir, "fraud")
            : CheckpointFixture.start(stateDir)) {
      while (true) {
        long number = job.checkpoints().nextNumber();
        CheckpointFixture.commit(job, number);
        System.out.println(number);
        job.checkpoints().prune(manifest -> false);
      }
    }
  }
}
