package io.tidemill.channel;

/** Which of the channels of an edge a record takes. */
@FunctionalInterface
public interface Routing {
  /** To the one task at the other end. */
  Routing FIRST = (value, channels) -> 0;

  /** To every task at the other end. */
  Routing ALL = (value, channels) -> -1;

  /** The channel in {@code [0, channels)}, or -1 for all of them. */
  int channelOf(Object value, int channels);
}
