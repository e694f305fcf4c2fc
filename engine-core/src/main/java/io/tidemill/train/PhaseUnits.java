package io.tidemill.train;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/**
 * The units of each rank's phase, claimed by whoever of the host is free: the threads of the rank
 * take them from the first one on, ranks that are done with theirs from the last one on (work
 * stealing: Blumofe and Leiserson 1999). So a rank keeps what its core has in its caches, and a
 * core that is slower, for whatever reason, does less.
 *
 * <p>The number of the phase and what was taken of it from either end stand in one word, so a claim
 * is one exchange and holds for that phase only. Any thread of any process that maps the memory;
 * what a rank has written before it opens a phase is seen by all who claim units of it, and what
 * they write by whoever finds {@linkplain #areDone all done}.
 */
final class PhaseUnits {
  /** Units of a phase, at most. */
  static final int MOST = 0xffff;

  private static final VarHandle WORD = ValueLayout.JAVA_LONG.varHandle();
  private static final int PHASE = 32;
  private static final int FROM_END = 16;

  private final MemorySegment control;
  private final long claims;

  /** {@code claims} is the offset of the line of rank 0. */
  PhaseUnits(MemorySegment control, long claims) {
    this.control = control;
    this.claims = claims;
  }

  /** The number of the phase that a rank has opened last. */
  long phase(int rank) {
    return word(rank) >> PHASE;
  }

  /** Opens a phase of a rank, none of its units taken; the one before has to be done. */
  void open(int rank, long phase) {
    stand(rank, phase, 0);
  }

  /** Has a rank stand behind a phase with so many units, all of them done. */
  void stand(int rank, long phase, int units) {
    WORD.setVolatile(control, done(rank), (long) units);
    WORD.setVolatile(control, claim(rank), phase << PHASE | units);
  }

  /** The first unit of a rank's phase that nobody has taken; -1 where there is none. */
  int takeFirst(int rank, long phase, int units) {
    return take(rank, phase, units, false);
  }

  /** The last such unit. */
  int takeLast(int rank, long phase, int units) {
    return take(rank, phase, units, true);
  }

  /** A unit that was taken of a rank's phase is done. */
  void finish(int rank) {
    WORD.getAndAdd(control, done(rank), 1L);
  }

  /** Whether that phase is the one of the rank, and all of its units are done. */
  boolean areDone(int rank, long phase, int units) {
    return (long) WORD.getVolatile(control, done(rank)) >= units && phase(rank) == phase;
  }

  private int take(int rank, long phase, int units, boolean isFromEnd) {
    while (true) {
      long word = word(rank);
      int first = (int) (word & MOST);
      int last = (int) (word >> FROM_END & MOST);
      if (word >> PHASE != phase || first + last >= units) {
        return -1;
      }
      if (WORD.compareAndSet(control, claim(rank), word, word + (isFromEnd ? 1L << FROM_END : 1))) {
        return isFromEnd ? units - 1 - last : first;
      }
    }
  }

  private long word(int rank) {
    return (long) WORD.getVolatile(control, claim(rank));
  }

  private long claim(int rank) {
    return claims + rank * GangLayout.rankStride();
  }

  private long done(int rank) {
    return claim(rank) + Long.BYTES;
  }
}
