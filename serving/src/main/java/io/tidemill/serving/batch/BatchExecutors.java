package io.tidemill.serving.batch;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;

/**
 * The threads that execute batches, shared by all models of a server.
 *
 * <p>A queue that has work puts itself into {@code ready} once; the thread that takes it takes rows
 * from it and lets it queue up again behind the others, so no model starves another.
 */
public final class BatchExecutors implements AutoCloseable {
  private final BlockingQueue<BatchQueue> ready = new LinkedBlockingQueue<>();
  private final List<Thread> threads = new ArrayList<>();

  private BatchExecutors() {}

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

  void ready(BatchQueue queue) {
    ready.add(queue);
  }

  /** Ends the threads after the batches they are in. Close the queues before. Idempotent. */
  @Override
  public void close() {
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
        ready.take().executeBatch(thread);
      } catch (InterruptedException e) {
        return;
      }
    }
  }
}
