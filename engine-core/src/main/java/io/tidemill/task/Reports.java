package io.tidemill.task;

import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/** The way from the tasks of a job to its master. Any thread sends, the master's receives. */
public final class Reports {
  private final Queue<TaskReport> queue = new ConcurrentLinkedQueue<>();
  private final Semaphore calls = new Semaphore(0);

  public void send(TaskReport report) {
    queue.add(report);
    wake();
  }

  /** The oldest report that was not received yet. */
  public Optional<TaskReport> receive() {
    return Optional.ofNullable(queue.poll());
  }

  /** Has the master look up, from {@link #await}. */
  public void wake() {
    calls.release();
  }

  /**
   * Blocks the master until it was woken since it last came here, or so long. A master that looked
   * up more often would take a core from a training step, which waits for its slowest thread.
   */
  public void await(long nanos) throws InterruptedException {
    if (calls.tryAcquire(nanos, TimeUnit.NANOSECONDS)) {
      calls.drainPermits();
    }
  }
}
