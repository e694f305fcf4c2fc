package io.tidemill.device.cpu;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.lang.foreign.MemorySegment;

/** Rows of a table [count, n] float32 by ids int32, and what they add to its gradient. */
final class EmbeddingKernels {
  private final String layer;
  private final int ids;
  private final int count;
  private final int n;
  private final long rowBytes;

  /**
   * @param layer what an error sentence names
   * @param ids how many there are
   */
  EmbeddingKernels(String layer, int ids, int count, int n) {
    this.layer = layer;
    this.ids = ids;
    this.count = count;
    this.n = n;
    this.rowBytes = (long) n * Float.BYTES;
  }

  void forward(MemorySegment from, MemorySegment table, MemorySegment out) {
    for (int i = 0; i < ids; i++) {
      MemorySegment.copy(table, id(from, i) * rowBytes, out, i * rowBytes, rowBytes);
    }
  }

  /** Adds each row of dy to that of its id, in row order. */
  void add(MemorySegment from, MemorySegment dy, MemorySegment out) {
    for (int i = 0; i < ids; i++) {
      long target = id(from, i) * rowBytes;
      ElementwiseKernels.add(out, target, dy, i * rowBytes, out, target, n);
    }
  }

  /** Clears the rows that are looked up, and writes their ids to a place of {@code rows}. */
  void clear(MemorySegment from, MemorySegment out, MemorySegment rows, int place) {
    for (int i = 0; i < ids; i++) {
      int id = id(from, i);
      ArenaKernels.clear(out, (long) id * n, n);
      rows.setAtIndex(JAVA_INT, (long) place + i, id);
    }
  }

  private int id(MemorySegment from, int index) {
    int id = from.getAtIndex(JAVA_INT, index);
    if (id < 0 || id >= count) {
      throw new EngineException(
          ErrorCode.INVALID_DATA,
          "%s: id out of range: expected 0 to %d, found %d".formatted(layer, count - 1, id));
    }
    return id;
  }
}
