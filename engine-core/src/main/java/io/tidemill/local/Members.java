package io.tidemill.local;

/** Starts the processes that work the ranks of a training beside the first. */
@FunctionalInterface
public interface Members {
  /**
   * The memory of a training is there: each rank from 1 on waits for a process that joins it by
   * {@link GangMember}. Called once for each training of an attempt, on the thread that runs the
   * job; must not block.
   */
  void join(Rendezvous place);

  /**
   * A process has ended, has fallen silent, or has never come, so the attempt fails; comes before
   * the failure, on another thread. What a rank itself fails with is not told here.
   *
   * @param rank that it worked
   * @param sentence with which the job fails
   */
  default void lost(int rank, String sentence) {}
}
