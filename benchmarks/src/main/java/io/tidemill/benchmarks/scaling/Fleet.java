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
 */
record Fleet(
    int hosts,
    int ranks,
    int shardsPerRank,
    long bytes,
    PartTimes parts,
    LaneCost arena,
    LaneCost wire) {
  Fleet {
    if (hosts < 1 || ranks < 1 || shardsPerRank < 1 || bytes < 1) {
      throw new EngineException(
          ErrorCode.INVALID_ARGUMENT,
          "a fleet has at least one of each: hosts=%d ranks=%d shardsPerRank=%d bytes=%d"
              .formatted(hosts, ranks, shardsPerRank, bytes));
    }
  }

  int workers() {
    return hosts * ranks;
  }

  /** V of the job. */
  int shards() {
    return workers() * shardsPerRank;
  }

  /** Of the part of the arena that a host owns. */
  double hostSliceBytes() {
    return (double) bytes / hosts;
  }

  /** Of the part of the arena that a rank owns. */
  double rankSliceBytes() {
    return (double) bytes / workers();
  }

  /** What ranks of a host take to see that all have come as far. */
  double meetingSeconds() {
    return ranks == 1 ? 0 : arena.alpha();
  }
}
