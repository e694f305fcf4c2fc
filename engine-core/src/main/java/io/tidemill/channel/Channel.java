package io.tidemill.channel;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.agrona.concurrent.OneToOneConcurrentArrayQueue;

/**
 * A bounded edge between one producing and one consuming task of a process.
 *
 * <p>Elements are in order of their keys. Beside the queue stands the <em>frontier</em>, a lower
 * bound of everything that the producer will still offer. It passes a full queue: otherwise two
 * producers and two consumers could wait for each other in a ring (docs/design/0001).
 *
 * <p>Threads: one producer calls {@link #offer} and {@link #advance}, one consumer the rest.
 */
public final class Channel {
  private static final VarHandle FRONTIER;

  static {
    try {
      FRONTIER = MethodHandles.lookup().findVarHandle(Channel.class, "frontier", OrderKey.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private final OneToOneConcurrentArrayQueue<Element> queue;

  @SuppressWarnings("FieldMayBeFinal") // written through FRONTIER
  private OrderKey frontier = OrderKey.MIN;

  public Channel(int capacity) {
    this.queue = new OneToOneConcurrentArrayQueue<>(capacity);
  }

  /** Adds at the end; false when full, which is normal: offer the same element again later. */
  public boolean offer(Element element) {
    return queue.offer(element);
  }

  /** Promises that every later offer is at or after {@code frontier}. */
  public void advance(OrderKey frontier) {
    // Release: pairs with the acquire in frontier(); what was offered before is seen by a poll
    // after it.
    FRONTIER.setRelease(this, frontier);
  }

  /**
   * The promise of {@link #advance}. A consumer reads it <em>before</em> it polls: when the poll
   * then finds nothing, nothing before the frontier is left.
   */
  public OrderKey frontier() {
    return (OrderKey) FRONTIER.getAcquire(this);
  }

  /** Takes the first element, or null when there is none. */
  public Element poll() {
    return queue.poll();
  }

  /** How many elements were ever taken: records, and a barrier for each checkpoint; any thread. */
  public long taken() {
    return queue.removedCount();
  }

  /** How many elements it holds at most. */
  public int capacity() {
    return queue.capacity();
  }

  /** How many elements wait; a hint when called from a third thread. */
  public int size() {
    return queue.size();
  }
}
