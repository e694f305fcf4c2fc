package io.tidemill.train;

import io.tidemill.task.Task;
import io.tidemill.task.TaskId;

/**
 * Lends a thread of a worker to the worker's part of a training; until the first step may begin the
 * thread rehearses.
 */
public final class ShardTask implements Task {
  private final TaskId id;
  private final TrainerTask trainer;
  private final int thread;
  private Rehearsal rehearsal;

  /** {@code thread} from 1: thread 0 runs the {@link TrainerTask} itself. */
  public ShardTask(TrainerTask trainer, int thread) {
    this.id = new TaskId(trainer.id() + "/shards", thread);
    this.trainer = trainer;
    this.thread = thread;
  }

  @Override
  public TaskId id() {
    return id;
  }

  @Override
  public int doWork() {
    if (trainer.isWaitingForData()) {
      if (rehearsal == null) {
        rehearsal = trainer.rehearsal(thread);
      }
      return rehearsal.step();
    }
    close();
    return trainer.workOnShards(thread);
  }

  @Override
  public void close() {
    if (rehearsal != null) {
      rehearsal.close();
      rehearsal = null;
    }
  }
}
