package io.tidemill.device.cpu;

import io.tidemill.device.DeviceBuffer;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * The sum of several buffers by a fixed tree, block by block so that partial sums stay in cache.
 *
 * <p>Confined to one thread: owns a block of scratch space for each level of the tree.
 */
final class TreeSum {
  private static final int BLOCK_FLOATS = 2048;
  private static final long BLOCK_BYTES = (long) BLOCK_FLOATS * Float.BYTES;
  private static final int LEVELS = Integer.SIZE;

  private final MemorySegment scratch = Arena.ofAuto().allocate(LEVELS * BLOCK_BYTES, 64);

  void sum(List<DeviceBuffer> terms, MemorySegment out, long from, long to) {
    for (long block = from; block < to; block += BLOCK_FLOATS) {
      long floats = Math.min(BLOCK_FLOATS, to - block);
      long at = block * Float.BYTES;
      sum(terms, 0, terms.size(), at, floats, out, at, 0);
    }
  }

  /** Sums terms [low, high) of one block into {@code out}. */
  private void sum(
      List<DeviceBuffer> terms,
      int low,
      int high,
      long at,
      long floats,
      MemorySegment out,
      long outAt,
      int level) {
    MemorySegment first = CpuBuffer.of(terms.get(low)).memory();
    if (high - low == 1) {
      MemorySegment.copy(first, at, out, outAt, floats * Float.BYTES);
      return;
    }
    if (high - low == 2) {
      MemorySegment second = CpuBuffer.of(terms.get(low + 1)).memory();
      ElementwiseKernels.add(first, at, second, at, out, outAt, floats);
      return;
    }
    int middle = low + Integer.highestOneBit(high - low - 1);
    sum(terms, low, middle, at, floats, out, outAt, level);
    long scratchAt = level * BLOCK_BYTES;
    sum(terms, middle, high, at, floats, scratch, scratchAt, level + 1);
    ElementwiseKernels.add(out, outAt, scratch, scratchAt, out, outAt, floats);
  }
}
