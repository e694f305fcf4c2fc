package io.tidemill.serving.http;

import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.pekko.stream.KillSwitch;

/**
 * An open connection: whether a request is being answered on it, and since when one is on its way.
 * Any thread.
 */
final class Conversation implements ConnectionGuard.Watch {
  private final AtomicBoolean isAnswering = new AtomicBoolean();
  private volatile long headSinceNs;
  private volatile boolean isHeadComing;

  @Override
  public void received() {
    if (!isHeadComing && !isAnswering.get()) {
      headSinceNs = System.nanoTime();
      isHeadComing = true;
    }
  }

  @Override
  public boolean isAnswering() {
    return isAnswering.get();
  }

  /** The head of a request has come whole. */
  void begins() {
    isAnswering.set(true);
    isHeadComing = false;
  }

  void ends() {
    isAnswering.set(false);
  }

  /** Whether the head of a request has been coming for longer than {@code timeoutNs}. */
  boolean isHeadLate(long nowNs, long timeoutNs) {
    return isHeadComing && nowNs - headSinceNs > timeoutNs;
  }

  /**
   * Closes the connection if nobody waits on it. While a request is being answered, Pekko would
   * break the connection off ("user handler flow was cancelled with ongoing request"); there the
   * answer's {@code Connection: close} does it.
   */
  void closeIfIdle(KillSwitch requests) {
    if (!isAnswering.get()) {
      requests.shutdown();
    }
  }
}
