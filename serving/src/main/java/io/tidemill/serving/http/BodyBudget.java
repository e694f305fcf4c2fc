package io.tidemill.serving.http;

import java.util.concurrent.atomic.AtomicLong;

/** How many bytes of bodies a server holds, of all requests that are not answered. Any thread. */
final class BodyBudget {
  private final long mostBytes;
  private final AtomicLong heldBytes = new AtomicLong();

  BodyBudget(long mostBytes) {
    this.mostBytes = mostBytes;
  }

  /** False where it would be too many: nothing is taken then. */
  boolean take(long bytes) {
    if (heldBytes.addAndGet(bytes) <= mostBytes) {
      return true;
    }
    heldBytes.addAndGet(-bytes);
    return false;
  }

  void giveBack(long bytes) {
    heldBytes.addAndGet(-bytes);
  }

  long heldBytes() {
    return heldBytes.get();
  }

  long mostBytes() {
    return mostBytes;
  }
}
