package io.tidemill.device.cpu;

import io.tidemill.program.Op;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * A chain of element by element operations, tile by tile, so that what is between them never leaves
 * the first-level cache.
 *
 * <p>Each element goes through the same operations as if each step ran alone, so the bits are the
 * same. Owns scratch space, one tile for each step: one for each instruction.
 */
final class FusedKernel implements Kernel {
  /** Floats of a tile: 8 KiB, so that a few of them fit the first-level cache. */
  static final int TILE = 2048;

  private static final long TILE_BYTES = (long) TILE * Float.BYTES;

  /** Tiles begin at different places of a page: a load waits for a store 4 KiB before it. */
  private static final long STAGGER = 5 * Lanes.BYTES;

  private final int[] inputs;
  private final int out;
  private final long bytes;
  private final ElementLoop[] loops;

  /** Operands of each step: an input of the instruction, or after those the result of a step. */
  private final int[] first;

  private final int[] second;

  /** The tile that a step writes; the last step writes the result, and its tile the rest of it. */
  private final MemorySegment[] tiles;

  /** A vector of each input, for the elements that whole vectors do not cover. */
  private final MemorySegment[] rests;

  FusedKernel(Op.Fused op, List<Integer> inputs, int out, long floats) {
    Arena scratch = Arena.ofAuto();
    int steps = op.steps().size();
    this.inputs = inputs.stream().mapToInt(Integer::intValue).toArray();
    this.out = out;
    this.bytes = floats * Float.BYTES;
    this.loops = new ElementLoop[steps];
    this.first = new int[steps];
    this.second = new int[steps];
    this.tiles = new MemorySegment[steps];
    this.rests = new MemorySegment[inputs.size()];
    for (int i = 0; i < steps; i++) {
      List<Integer> operands = op.steps().get(i).operands();
      loops[i] = ElementLoops.of(op.steps().get(i).op());
      first[i] = operands.getFirst();
      second[i] = operands.getLast();
      tiles[i] = scratch.allocate(TILE_BYTES + STAGGER, Lanes.BYTES);
    }
    for (int i = 0; i < rests.length; i++) {
      rests[i] = scratch.allocate(Lanes.BYTES, Lanes.BYTES);
    }
  }

  @Override
  public void run(MemorySegment[] values) {
    long whole = bytes - bytes % Lanes.BYTES;
    for (long at = 0; at < whole; at += TILE_BYTES) {
      runTile(values, at, Math.min(TILE_BYTES, whole - at));
    }
    if (whole < bytes) {
      runRest(values, whole);
    }
  }

  private void runTile(MemorySegment[] values, long at, long count) {
    int last = loops.length - 1;
    for (int i = 0; i <= last; i++) {
      MemorySegment target = i < last ? tiles[i] : values[out];
      step(i, values, at, target, i < last ? 0 : at, count);
    }
  }

  private void runRest(MemorySegment[] values, long from) {
    for (int i = 0; i < rests.length; i++) {
      MemorySegment.copy(values[inputs[i]], from, rests[i], 0, bytes - from);
    }
    for (int i = 0; i < loops.length; i++) {
      step(i, null, 0, tiles[i], 0, Lanes.BYTES);
    }
    MemorySegment.copy(tiles[loops.length - 1], 0, values[out], from, bytes - from);
  }

  /**
   * Runs step i on the inputs from byte {@code at} on; on their rests where there are no values.
   */
  private void step(
      int i, MemorySegment[] values, long at, MemorySegment target, long targetByte, long count) {
    int a = first[i];
    int b = second[i];
    loops[i].run(
        operand(a, values),
        a < inputs.length ? at : 0,
        operand(b, values),
        b < inputs.length ? at : 0,
        target,
        targetByte,
        count);
  }

  private MemorySegment operand(int index, MemorySegment[] values) {
    if (index >= inputs.length) {
      return tiles[index - inputs.length];
    }
    return values == null ? rests[index] : values[inputs[index]];
  }
}
