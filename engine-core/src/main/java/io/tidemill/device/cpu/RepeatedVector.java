package io.tidemill.device.cpu;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A vector [n] written several times in a row, so that rows that are narrow can be treated as a few
 * long ones: short loops over rows of 16 cost more than what is in them.
 *
 * <p>Owns scratch space: one for each operand of an instruction.
 */
final class RepeatedVector {
  private static final int FLOATS = 1024;

  private final long period;
  private final MemorySegment repeated;

  RepeatedVector(int n) {
    this.period = period(n);
    this.repeated = Arena.ofAuto().allocate(Math.max(1, period) * Float.BYTES, Lanes.BYTES);
  }

  /**
   * How many floats a vector of n comes to: a multiple, and of the vector width where it can be.
   */
  static long period(int n) {
    long times = n > 0 && n < FLOATS / 2 ? FLOATS / n : 1;
    return n * (times > Lanes.LENGTH ? times / Lanes.LENGTH * Lanes.LENGTH : times);
  }

  long period() {
    return period;
  }

  /** The vector as it is now, repeated; valid until the next call. */
  MemorySegment of(MemorySegment vector) {
    if (vector.byteSize() == repeated.byteSize()) {
      return vector;
    }
    repeat(vector, repeated);
    return repeated;
  }

  /** Fills {@code out}, whose length is a multiple of the vector's. */
  static void repeat(MemorySegment vector, MemorySegment out) {
    MemorySegment.copy(vector, 0, out, 0, vector.byteSize());
    extend(out, vector.byteSize());
  }

  /** Repeats the first {@code filled} bytes, of which the length is a multiple, to the end. */
  static void extend(MemorySegment memory, long filled) {
    for (long at = filled; at < memory.byteSize() && filled > 0; at *= 2) {
      MemorySegment.copy(memory, 0, memory, at, Math.min(at, memory.byteSize() - at));
    }
  }
}
