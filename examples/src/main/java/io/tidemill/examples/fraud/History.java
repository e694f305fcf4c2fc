package io.tidemill.examples.fraud;

/**
 * What a window remembers of one card or terminal: events, oldest first.
 *
 * @param <E> the event type
 */
public interface History<E> extends Iterable<E> {

  /** Adds an event that is not older than the last. */
  void add(E event);

  /** The oldest event. */
  E first();

  /** Forgets the oldest event. */
  void removeFirst();

  /** Whether there is no event. */
  boolean isEmpty();
}
