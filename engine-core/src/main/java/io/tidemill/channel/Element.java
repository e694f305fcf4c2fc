package io.tidemill.channel;

/** What travels through a {@link Channel}. */
public sealed interface Element {
  /** A record, at its place in the order of the job. */
  record Item(OrderKey key, Object value) implements Element {}

  /**
   * Separates what belongs to a checkpoint from what comes after it.
   *
   * @param checkpoint its number
   * @param frontier nothing behind the barrier in this channel is before it
   */
  record Barrier(long checkpoint, OrderKey frontier) implements Element {}

  /** No record comes any more; barriers still do, until the job ends. */
  record End() implements Element {}
}
