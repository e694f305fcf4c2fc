package io.tidemill.benchmarks.serve;

import io.tidemill.error.EngineException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/** Work that goes on in a thread of its own beside a load. */
final class Background {
  private final Thread thread;
  private final CompletableFuture<Void> end = new CompletableFuture<>();

  private Background(String name, Runnable work) {
    thread =
        Thread.ofPlatform()
            .daemon()
            .name(name)
            .unstarted(
                () -> {
                  try {
                    work.run();
                    end.complete(null);
                  } catch (Throwable e) { // whoever waits is to have it
                    end.completeExceptionally(e);
                  }
                });
  }

  static Background of(String name, Runnable work) {
    Background background = new Background(name, work);
    background.thread.start();
    return background;
  }

  /** Until it has ended, or until this thread is interrupted, which ends it. */
  boolean isRunning() {
    if (Thread.currentThread().isInterrupted()) {
      thread.interrupt();
      return false;
    }
    return !end.isDone();
  }

  /** Waits for its end; throws what it has thrown. */
  void join() {
    try {
      end.join();
    } catch (CompletionException e) {
      throw e.getCause() instanceof EngineException failure ? failure : e;
    }
  }
}
