package io.tidemill.task;

/**
 * A cooperative piece of work: does a bounded slice, returns how much it did, never blocks.
 *
 * <p>Confined to the thread that runs it; {@link #close} comes from that thread, or after it ended.
 */
public interface Task extends AutoCloseable {
  TaskId id();

  /** Does a slice of about a millisecond at most; 0 means that there was nothing to do. */
  int doWork();

  /**
   * The job is done and its last checkpoint is committed: results become visible. Called when the
   * thread of the task has ended.
   */
  default void finish() {}

  /** The thread of the task has ended: who asks it something answers himself from now on. */
  default void endInquiries() {}

  @Override
  void close();
}
