package io.tidemill.task;

import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/** The way from the tasks of a job to its master. Any thread sends, the master's receives. */
public final class Reports {
  private final Queue<TaskReport> queue = new ConcurrentLinkedQueue<>();

  public void send(TaskReport report) {
    queue.add(report);
  }

  /** The oldest report that was not received yet. */
  public Optional<TaskReport> receive() {
    return Optional.ofNullable(queue.poll());
  }
}
