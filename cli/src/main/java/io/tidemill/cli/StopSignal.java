package io.tidemill.cli;

import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * What the process does when it is asked to end (SIGINT, SIGTERM): tells the running command, and
 * waits until that has put things in order.
 *
 * <p>The command's thread says what to do; a hook of the JVM does it. The exit code stays that of
 * the signal.
 */
final class StopSignal {
  private static final long PATIENCE_SECONDS = 20;

  private volatile Optional<Runnable> request = Optional.empty();
  private final CountDownLatch ended = new CountDownLatch(1);

  private StopSignal() {}

  static StopSignal install() {
    StopSignal signal = new StopSignal();
    Runtime.getRuntime().addShutdownHook(new Thread(signal::stop, "tidemill-stop"));
    return signal;
  }

  /** From now on a signal does this, on a thread of its own. */
  void asks(Runnable what) {
    request = Optional.of(what);
  }

  /** The command has ended and has said so. */
  void commandEnded() {
    request = Optional.empty();
    ended.countDown();
  }

  private void stop() {
    request.ifPresent(Runnable::run);
    try {
      if (!ended.await(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
        System.err.println("tidemill: not ended after " + PATIENCE_SECONDS + " s, giving up");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
