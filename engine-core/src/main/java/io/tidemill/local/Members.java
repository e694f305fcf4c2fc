package io.tidemill.local;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;

/** Starts the processes that work ranks and run tasks of a job beside the leading one. */
@FunctionalInterface
public interface Members {
  /**
   * The memory of a training is there: each rank from 1 on waits for a process that joins it by
   * {@link GangMember}. Called once for each training of an attempt, on the thread that runs the
   * job; must not block.
   */
  void join(Rendezvous place);

  /**
   * Tasks of the job are on other workers: each worker from 1 on waits for a process that joins it
   * by {@link TaskMember}. Called at most once for an attempt, where there is a network and the
   * plan has such tasks; else as {@link #join}.
   */
  default void joinTasks(TaskRendezvous place) {
    throw new EngineException(
        ErrorCode.INVALID_ARGUMENT,
        "the job has tasks for %d workers, and those who were to start them start ranks only"
            .formatted(place.workers()));
  }

  /**
   * A process has ended, has fallen silent, or has never come, so the attempt fails; comes before
   * the failure, on another thread. What a rank itself fails with is not told here.
   *
   * @param rank that it worked, or number of the worker that it was
   * @param sentence with which the job fails
   */
  default void lost(int rank, String sentence) {}
}
