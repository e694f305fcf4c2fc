package io.tidemill.train;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/**
 * How far a sample log reaches, for all who read it, in this process and in others.
 *
 * <p>One thread writes. Who sees a length sees the rows below it.
 *
 * @param memory {@link #BYTES} of it
 */
record LogExtent(MemorySegment memory) {
  static final long BYTES = 3 * Long.BYTES;

  private static final VarHandle WORD = ValueLayout.JAVA_LONG.varHandle();
  private static final long LENGTH = 0;
  private static final long SEALED = Long.BYTES;
  private static final long TRIMMED = 2 * Long.BYTES;

  /** Of a log that one process reads. */
  static LogExtent ofProcess() {
    return new LogExtent(Arena.ofAuto().allocate(BYTES, Long.BYTES));
  }

  /** Rows that may be read. */
  long length() {
    return (long) WORD.getVolatile(memory, LENGTH);
  }

  void length(long rows) {
    WORD.setVolatile(memory, LENGTH, rows);
  }

  /** Whether no row will be added any more. */
  boolean isSealed() {
    return (long) WORD.getVolatile(memory, SEALED) != 0;
  }

  void seal() {
    WORD.setVolatile(memory, SEALED, 1L);
  }

  /** Files that were deleted, the oldest of the log. */
  long trimmed() {
    return (long) WORD.getVolatile(memory, TRIMMED);
  }

  void trimmed(long files) {
    WORD.setVolatile(memory, TRIMMED, files);
  }
}
