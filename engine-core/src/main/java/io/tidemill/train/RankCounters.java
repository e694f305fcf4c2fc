package io.tidemill.train;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/**
 * A number of each rank: one thread writes it, any thread of any process reads it.
 *
 * <p>Written and read with volatile semantics, so who sees a number sees what came before it.
 *
 * @param control where they lie
 * @param offset of that of rank 0
 * @param ranks how many there are
 */
record RankCounters(MemorySegment control, long offset, int ranks) {
  private static final VarHandle WORD = ValueLayout.JAVA_LONG.varHandle();

  long get(int rank) {
    return (long) WORD.getVolatile(control, at(rank));
  }

  void set(int rank, long number) {
    WORD.setVolatile(control, at(rank), number);
  }

  /** Writes it where it is 0; whatever stands there then. */
  long claim(int rank, long number) {
    long found = (long) WORD.compareAndExchange(control, at(rank), 0L, number);
    return found == 0 ? number : found;
  }

  /** Whether that of every rank has come to {@code least}. */
  boolean allReach(long least) {
    return reach(0, ranks, least);
  }

  /** Whether that of each of the ranks [from, to) has come to {@code least}. */
  boolean reach(int from, int to, long least) {
    for (int rank = from; rank < to; rank++) {
      if (get(rank) < least) {
        return false;
      }
    }
    return true;
  }

  private long at(int rank) {
    return offset + rank * GangLayout.rankStride();
  }
}
