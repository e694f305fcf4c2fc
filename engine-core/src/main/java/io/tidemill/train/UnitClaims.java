package io.tidemill.train;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * The units of a phase, shared by threads: each is claimed once.
 *
 * <p>Every thread has a run of units of its own, the same one in each step, so that what it wrote
 * then is still in its core's cache; when it has done with that it helps the others. Any thread
 * claims; one at a time opens.
 */
final class UnitClaims {
  static final int NONE = -1;

  /** Longs from one thread's word to the next's: two cache lines, which are fetched together. */
  private static final int APART = 16;

  private final int threads;

  /** For each thread the phase in the upper half, the next unit of its run in the lower. */
  private final AtomicLongArray next;

  private final AtomicInteger done = new AtomicInteger();
  private volatile long phase;

  UnitClaims(int threads) {
    this.threads = threads;
    this.next = new AtomicLongArray(threads * APART);
  }

  /** What the caller wrote before is seen by all who claim units of this phase. */
  void open(long number, int count) {
    done.set(0);
    phase = number;
    for (int thread = 0; thread < threads; thread++) {
      next.set(thread * APART, number << 32 | start(thread, count));
    }
  }

  /** Opens a phase of which all units are done. */
  void openFinished(long number, int count) {
    open(number, 0);
    done.set(count);
  }

  /** The phase that was opened last. */
  long phase() {
    return phase;
  }

  /** One of the {@code count} units of this phase, which the thread has to do, or {@link #NONE}. */
  int claim(long number, int count, int thread) {
    for (int i = 0; i < threads; i++) {
      int owner = (thread + i) % threads;
      int end = start(owner + 1, count);
      long word = next.get(owner * APART);
      while (word >> 32 == number && (int) word < end) {
        if (next.compareAndSet(owner * APART, word, word + 1)) {
          return (int) word;
        }
        word = next.get(owner * APART);
      }
    }
    return NONE;
  }

  /** A claimed unit is done. */
  void done() {
    done.incrementAndGet();
  }

  /** Whether all units of this phase are done, and no later one was opened. */
  boolean isFinished(long number, int count) {
    return phase == number && done.get() == count;
  }

  private int start(int thread, int count) {
    return (int) ((long) thread * count / threads);
  }
}
