package io.tidemill.benchmarks.scaling;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;

/**
 * What is simulated: hosts that train one network.
 *
 * @param hosts how many
 * @param ranks of each host, workers of one thread
 * @param shardsPerRank of each step
 * @param bytes of all parameters, and of a gradient
 * @param parts how long a rank takes for its parts of a step
 * @param arena between ranks of a host
 * @param wire between hosts
 * @param latency of messages that a host sends one after the other
 */
record Fleet(
    int hosts,
    int ranks,
    int shardsPerRank,
    long bytes,
    PartTimes parts,
    LaneCost arena,
    LaneCost wire,
    Latency latency) {
  Fleet {
    if (hosts < 1 || ranks < 1 || shardsPerRank < 1 || bytes < 1) {
      throw new EngineException(
          ErrorCode.INVALID_ARGUMENT,
          "a fleet has at least one of each: hosts=%d ranks=%d shardsPerRank=%d bytes=%d"
              .formatted(hosts, ranks, shardsPerRank, bytes));
    }
  }

  /** What of alpha keeps a host from sending and receiving the next message. */
  enum Latency {
    /** Nothing: they are under way together, as the engine sends them. */
    OVERLAPS,
    /** All of it, as if each message were awaited: what it costs at the very most. */
    IN_TURN
  }

  /** Shards of a step that a host computes. */
  int shardsPerHost() {
    return ranks * shardsPerRank;
  }

  /** Of the part of the arena that a host owns: what is in a message. */
  double hostSliceBytes() {
    return (double) bytes / hosts;
  }

  /** Of the part of the arena that a rank owns. */
  double rankSliceBytes() {
    return hostSliceBytes() / ranks;
  }

  /** What ranks of a host take to see that all have come as far. */
  double meetingSeconds() {
    return ranks == 1 ? 0 : arena.alpha();
  }

  /** For so long a message keeps its sender and its receiver. */
  double messageSeconds() {
    double seconds = hostSliceBytes() * wire.beta();
    return latency == Latency.IN_TURN ? seconds + wire.alpha() : seconds;
  }

  /** For so long the last message of a phase is still under way. */
  double arrivalSeconds() {
    return hosts == 1 || latency == Latency.IN_TURN ? 0 : wire.alpha();
  }

  /** For so long one thread sums the gradients of a host in so many bytes. */
  double sumSeconds(double ofBytes) {
    return shardsPerHost() == 1 ? 0 : ofBytes * shardsPerHost() * parts.sumSecondsPerByte();
  }
}
