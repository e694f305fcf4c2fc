package io.tidemill.train;

import io.tidemill.task.Task;
import io.tidemill.task.TaskId;

/**
 * Lends a thread of a worker to the worker's part of a training; until the first step may begin the
 * thread rehearses.
 */
public final class ShardTask implements Task {
  private final TaskId id;
  private final Rank rank;
  private final int thread;
  private Rehearsal rehearsal;

  ShardTask(TaskId trainer, Rank rank, int thread) {
    this.id = new TaskId(trainer + "/shards", thread);
    this.rank = rank;
    this.thread = thread;
  }

  @Override
  public TaskId id() {
    return id;
  }

  @Override
  public int doWork() {
    if (!rank.isBegun()) {
      if (rehearsal == null) {
        rehearsal = rank.rehearsal(thread);
      }
      return rehearsal.step();
    }
    close();
    return rank.work(thread);
  }

  @Override
  public void close() {
    if (rehearsal != null) {
      rehearsal.close();
      rehearsal = null;
    }
  }
}
