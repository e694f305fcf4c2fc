package io.tidemill.task;

import java.util.List;
import org.agrona.concurrent.BackoffIdleStrategy;
import org.agrona.concurrent.IdleStrategy;

/**
 * One thread of a worker: runs its tasks in turn until it is closed.
 *
 * <p>A task that throws is reported and not run again. A task that keeps the thread for longer than
 * a second is named in the log, once.
 */
public final class WorkerThread implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(WorkerThread.class.getName());
  private static final long HOG_NS = 1_000_000_000L;

  private final List<Task> tasks;
  private final Reports reports;
  private final Thread thread;
  private volatile boolean running = true;

  public WorkerThread(String name, List<? extends Task> tasks, Reports reports) {
    this.tasks = List.copyOf(tasks);
    this.reports = reports;
    this.thread = Thread.ofPlatform().name(name).unstarted(this::run);
  }

  public void start() {
    thread.start();
  }

  /** Stops after the current slices and waits for it; the tasks are not closed. */
  @Override
  public void close() {
    running = false;
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void run() {
    // Yields before it parks: the other threads of a step are usually a few microseconds behind.
    IdleStrategy idle = new BackoffIdleStrategy(0, 200, 1_000, 100_000);
    boolean[] failed = new boolean[tasks.size()];
    boolean[] named = new boolean[tasks.size()];
    long before = System.nanoTime();
    while (running) {
      int work = 0;
      for (int i = 0; i < tasks.size(); i++) {
        if (failed[i]) {
          continue;
        }
        try {
          work += tasks.get(i).doWork();
        } catch (Throwable e) {
          failed[i] = true;
          reports.send(new TaskReport.Failed(tasks.get(i).id(), e));
        }
        long now = System.nanoTime();
        if (now - before > HOG_NS && !named[i]) {
          named[i] = true;
          LOG.log(
              System.Logger.Level.WARNING,
              "slow slice: task={0} ms={1}",
              tasks.get(i).id(),
              (now - before) / 1_000_000);
        }
        before = now;
      }
      idle.idle(work);
      before = System.nanoTime();
    }
  }
}
