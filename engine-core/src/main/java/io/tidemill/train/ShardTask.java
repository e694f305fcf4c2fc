package io.tidemill.train;

import io.tidemill.task.Task;
import io.tidemill.task.TaskId;
import java.util.Optional;

/**
 * Lends a thread of a worker to the worker's part of a training; until the first step may begin the
 * thread rehearses.
 */
public final class ShardTask implements Task {
  private final TaskId id;
  private final Rank rank;
  private final int thread;
  private Optional<Rehearsal> rehearsal = Optional.empty();
  private boolean hasRehearsal;

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
      if (!hasRehearsal) {
        rehearsal = rank.rehearsal(thread);
        hasRehearsal = true;
      }
      return rehearsal.isPresent() ? rehearsal.get().step() : 0;
    }
    close();
    return rank.work(thread);
  }

  @Override
  public void close() {
    if (rehearsal.isPresent()) {
      rehearsal.get().close();
      rehearsal = Optional.empty();
    }
  }
}
