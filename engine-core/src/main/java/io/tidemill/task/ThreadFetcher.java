package io.tidemill.task;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;

/** Reads ahead on a thread of its own, a few batches at most. */
public final class ThreadFetcher implements Fetcher {
  private static final int BATCHES_AHEAD = 8;

  private final BlockingQueue<Batch> queue = new ArrayBlockingQueue<>(BATCHES_AHEAD);
  private final Fetcher fetcher;
  private final Thread thread;
  private volatile Throwable failure;

  /** Starts to read. */
  public ThreadFetcher(String name, Fetcher fetcher) {
    this.fetcher = fetcher;
    this.thread = Thread.ofPlatform().daemon().name("fetch-" + name).start(this::fetch);
  }

  @Override
  public Batch poll() {
    Batch batch = queue.poll();
    if (batch == null && failure != null) {
      // What was read before the failure comes first.
      batch = queue.poll();
      if (batch == null) {
        throw failure instanceof RuntimeException known
            ? known
            : new EngineException(
                ErrorCode.RESOURCE, "a source could not be read: " + failure, failure);
      }
    }
    return batch;
  }

  @Override
  public void close() {
    thread.interrupt();
  }

  private void fetch() {
    try (fetcher) {
      Batch batch;
      do {
        batch = fetcher.poll();
        queue.put(batch);
      } while (!batch.isLast());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // closed: nobody waits for more
    } catch (Throwable e) {
      failure = e; // an Error too: the job would wait for ever
    }
  }
}
