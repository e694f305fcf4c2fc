package io.tidemill.serving.batch;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Future;
import java.util.concurrent.PriorityBlockingQueue;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The threads that execute batches, shared by all models of a server, and one that tells requests
 * when their time is over.
 *
 * <p>A queue that has work puts itself into {@code ready} once; the thread that takes it takes rows
 * from it and lets it queue up again behind the others, so no model starves another. Work that
 * nobody waits for comes after all that somebody does, of whichever model.
 */
public final class BatchExecutors implements AutoCloseable {
  /** A queue's turn. */
  private record Turn(BatchQueue queue, boolean isPressing, long number)
      implements Comparable<Turn> {
    @Override
    public int compareTo(Turn other) {
      return isPressing == other.isPressing
          ? Long.compare(number, other.number)
          : (isPressing ? -1 : 1);
    }
  }

  private final BlockingQueue<Turn> ready = new PriorityBlockingQueue<>();
  private final AtomicLong turns = new AtomicLong();
  private final List<Thread> threads = new ArrayList<>();
  private final ScheduledThreadPoolExecutor deadlines;

  private BatchExecutors() {
    deadlines =
        new ScheduledThreadPoolExecutor(
            1,
            Thread.ofPlatform().name("tidemill-deadlines").daemon().factory(),
            new ThreadPoolExecutor.DiscardPolicy());
    deadlines.setRemoveOnCancelPolicy(true);
  }

  /** Starts {@code count} daemon threads. */
  public static BatchExecutors start(int count) {
    BatchExecutors executors = new BatchExecutors();
    for (int i = 0; i < count; i++) {
      int index = i;
      executors.threads.add(
          Thread.ofPlatform()
              .name("tidemill-batch-" + i)
              .daemon()
              .start(() -> executors.serve(index)));
    }
    return executors;
  }

  /** How many threads there are; their indices are below it. */
  public int count() {
    return threads.size();
  }

  /** A queue has rows; {@code isPressing} where somebody waits for some of them. */
  void ready(BatchQueue queue, boolean isPressing) {
    ready.add(new Turn(queue, isPressing, turns.getAndIncrement()));
  }

  /** Runs something short in so many nanoseconds. */
  Future<?> in(long delayNs, Runnable action) {
    return deadlines.schedule(action, delayNs, TimeUnit.NANOSECONDS);
  }

  /** Ends the threads after the batches they are in. Close the queues before. Idempotent. */
  @Override
  public void close() {
    deadlines.shutdownNow();
    threads.forEach(Thread::interrupt);
    for (Thread thread : threads) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
    }
  }

  private void serve(int thread) {
    while (!Thread.currentThread().isInterrupted()) {
      try {
        Turn turn = ready.take();
        turn.queue().executeBatch(thread, turn.isPressing());
      } catch (InterruptedException e) {
        return;
      }
    }
  }
}
