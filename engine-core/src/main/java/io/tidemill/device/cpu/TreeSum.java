package io.tidemill.device.cpu;

import io.tidemill.device.DeviceBuffer;
import io.tidemill.device.SumTree;
import io.tidemill.device.SumTree.Sum;
import io.tidemill.device.SumTree.Term;
import io.tidemill.device.cpu.x86.MachineCode;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

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

  /** The tree that was summed last by machine code, with the addresses of its terms. */
  private SumTree last;

  private MachineCode code;
  private MemorySegment terms;

  /** By machine code, where the processor runs it. */
  void sumByCode(SumTree tree, MemorySegment out, long from, long to) {
    if (!tree.equals(last)) {
      terms = TreeSumCode.addresses(tree);
      code = TreeSumCode.of(tree);
      last = tree;
    }
    code.call(
        terms,
        out,
        MemorySegment.NULL,
        MemorySegment.NULL,
        MemorySegment.NULL,
        from * Float.BYTES,
        to - from);
  }

  void sum(SumTree tree, MemorySegment out, long from, long to) {
    for (long block = from; block < to; block += BLOCK_FLOATS) {
      long floats = Math.min(BLOCK_FLOATS, to - block);
      long at = block * Float.BYTES;
      sum(tree, at, floats, out, at, 0);
    }
  }

  /** Sums one block into {@code out}. */
  private void sum(SumTree tree, long at, long floats, MemorySegment out, long outAt, int level) {
    switch (tree) {
      case Term(DeviceBuffer term) ->
          MemorySegment.copy(memory(term), at, out, outAt, floats * Float.BYTES);
      case Sum(Term(DeviceBuffer left), Term(DeviceBuffer right)) ->
          ElementwiseKernels.add(memory(left), at, memory(right), at, out, outAt, floats);
      case Sum(SumTree left, Term(DeviceBuffer right)) -> {
        sum(left, at, floats, out, outAt, level);
        ElementwiseKernels.add(out, outAt, memory(right), at, out, outAt, floats);
      }
      case Sum(SumTree left, SumTree right) -> {
        sum(left, at, floats, out, outAt, level);
        long scratchAt = level * BLOCK_BYTES;
        sum(right, at, floats, scratch, scratchAt, level + 1);
        ElementwiseKernels.add(out, outAt, scratch, scratchAt, out, outAt, floats);
      }
    }
  }

  private static MemorySegment memory(DeviceBuffer buffer) {
    return CpuBuffer.of(buffer).memory();
  }
}
