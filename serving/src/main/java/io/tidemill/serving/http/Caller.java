package io.tidemill.serving.http;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.Arrays;
import java.util.HexFormat;
import org.apache.pekko.http.javadsl.model.AttributeKey;
import org.apache.pekko.http.javadsl.model.HttpRequest;

/**
 * Who is at the other end of a connection: may leave while a request of theirs is computed, and
 * makes the server hold a body. One request at a time; any thread.
 */
final class Caller {
  private static final AttributeKey<Caller> KEY = AttributeKey.create("caller", Caller.class);

  /** Of an IPv6 address, what a provider gives to one customer. */
  private static final int NETWORK_BYTES = 8;

  private final InetAddress address;
  private final BodyBudget budget;
  private Runnable onLeaving = Caller::nothing;
  private boolean hasLeft;
  private long heldBytes;

  Caller(InetAddress address, BodyBudget budget) {
    this.address = address;
    this.budget = budget;
  }

  /** A request that knows who sent it. */
  HttpRequest sends(HttpRequest request) {
    return request.addAttribute(KEY, this);
  }

  /** Who sent a request; somebody who never leaves where that is not known. */
  static Caller of(HttpRequest request) {
    return request
        .getAttribute(KEY)
        .orElseGet(
            () -> new Caller(InetAddress.getLoopbackAddress(), new BodyBudget(Long.MAX_VALUE)));
  }

  /** Where from; of IPv6 the network, because there a client has as many addresses as it likes. */
  String address() {
    return address instanceof Inet6Address
        ? HexFormat.of().formatHex(Arrays.copyOf(address.getAddress(), NETWORK_BYTES))
        : address.getHostAddress();
  }

  /**
   * More of a request's body is kept, until the request is answered.
   *
   * @throws EngineException RESOURCE where the server holds too much already
   */
  synchronized void holds(long bytes) {
    if (!budget.take(bytes)) {
      throw new EngineException(
          ErrorCode.RESOURCE,
          "the server holds as many bytes of bodies as it may, %d: send it again later"
              .formatted(budget.mostBytes()));
    }
    heldBytes += bytes;
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

  /** The model has answered: nothing is to be withdrawn any more. */
  void isAnswered() {
    ifLeaving(Caller::nothing);
  }

  /** The request is over: its body is not held any more. */
  synchronized void isDone() {
    budget.giveBack(heldBytes);
    heldBytes = 0;
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
