package io.tidemill.serving.http;

import org.apache.pekko.http.javadsl.model.AttributeKey;
import org.apache.pekko.http.javadsl.model.HttpRequest;

/**
 * Who is at the other end of a connection, and may leave while a request of theirs is computed. Any
 * thread.
 */
final class Caller {
  private static final AttributeKey<Caller> KEY = AttributeKey.create("caller", Caller.class);

  private Runnable onLeaving = Caller::nothing;
  private boolean hasLeft;

  /** A request that knows who sent it. */
  HttpRequest sends(HttpRequest request) {
    return request.addAttribute(KEY, this);
  }

  /** Who sent a request; somebody who never leaves where that is not known. */
  static Caller of(HttpRequest request) {
    return request.getAttribute(KEY).orElseGet(Caller::new);
  }

  /** Runs {@code task} if the caller leaves, at once where that has happened; one at a time. */
  void ifLeaving(Runnable task) {
    boolean isTooLate;
    synchronized (this) {
      onLeaving = task;
      isTooLate = hasLeft;
    }
    if (isTooLate) {
      task.run();
    }
  }

  /** The request is answered: nothing is to be done any more. */
  void isAnswered() {
    ifLeaving(Caller::nothing);
  }

  void leaves() {
    Runnable task;
    synchronized (this) {
      hasLeft = true;
      task = onLeaving;
    }
    task.run();
  }

  private static void nothing() {}
}
