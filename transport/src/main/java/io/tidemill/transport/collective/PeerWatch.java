package io.tidemill.transport.collective;

import java.util.Arrays;

/**
 * When each rank of a group last gave a sign of life, by the clock of one of them.
 *
 * <p>Time in which this rank itself did not poll counts as half the patience at most: after a pause
 * of its own it hears the others before it judges them. Confined to the thread of its collective.
 */
final class PeerWatch {
  private static final int LOOKS_PER_PATIENCE = 16;

  private final int self;
  private final long joinNs;
  private final long silenceNs;
  private final long[] heardNs;
  private final boolean[] joined;
  private long polledNs;
  private long nextLookNs;
  private boolean hasBegun;

  PeerWatch(int ranks, int self, Patience patience) {
    this.self = self;
    this.joinNs = patience.join().toNanos();
    this.silenceNs = patience.silence().toNanos();
    heardNs = new long[ranks];
    joined = new boolean[ranks];
  }

  /** Whether it is time to beat, and to look at the others; to be asked at each poll. */
  boolean isDue(long nowNs) {
    if (!hasBegun) {
      hasBegun = true;
      Arrays.fill(heardNs, nowNs);
      polledNs = nowNs;
      nextLookNs = nowNs;
    }
    excuse(nowNs - polledNs - silenceNs / 2);
    polledNs = nowNs;
    if (nowNs - nextLookNs < 0) {
      return false;
    }
    nextLookNs = nowNs + silenceNs / LOOKS_PER_PATIENCE;
    return true;
  }

  void heard(int rank, long nowNs) {
    joined[rank] = true;
    heardNs[rank] = nowNs;
  }

  boolean hasJoined(int rank) {
    return joined[rank];
  }

  /** Whether a rank has been waited for too long. */
  boolean isLost(int rank, long nowNs) {
    return rank != self && nowNs - heardNs[rank] > (joined[rank] ? silenceNs : joinNs);
  }

  /** What is to be said of a rank that is lost. */
  String lossOf(int rank, long nowNs) {
    long waitedMs = (nowNs - heardNs[rank]) / 1_000_000;
    return joined[rank]
        ? "rank %d has been silent for %d ms, expected a sign of life every %d ms; rank %d noticed"
            .formatted(rank, waitedMs, silenceNs / 1_000_000, self)
        : "rank %d has not come within %d ms; rank %d waited for it"
            .formatted(rank, joinNs / 1_000_000, self);
  }

  private void excuse(long pauseNs) {
    if (pauseNs > 0) {
      for (int rank = 0; rank < heardNs.length; rank++) {
        heardNs[rank] += pauseNs;
      }
    }
  }
}
