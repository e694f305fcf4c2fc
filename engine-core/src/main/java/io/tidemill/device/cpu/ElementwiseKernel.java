package io.tidemill.device.cpu;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * An {@link ElementLoop} over any number of floats.
 *
 * <p>What whole vectors do not cover is computed in a vector at the side, by the same loop, so an
 * element's bits do not depend on where it lies. Owns scratch space: one for each instruction.
 */
final class ElementwiseKernel {
  private final ElementLoop loop;
  private final long whole;
  private final long rest;
  private final MemorySegment lastA;
  private final MemorySegment lastB;

  ElementwiseKernel(ElementLoop loop, long floats) {
    Arena scratch = Arena.ofAuto();
    this.loop = loop;
    this.whole = Lanes.wholeBytes(floats);
    this.rest = floats * Float.BYTES - whole;
    this.lastA = scratch.allocate(Lanes.BYTES, Lanes.BYTES);
    this.lastB = scratch.allocate(Lanes.BYTES, Lanes.BYTES);
  }

  /** out = operation(a, b); an operation of one operand is given it twice. */
  void run(MemorySegment a, MemorySegment b, MemorySegment out) {
    loop.run(a, 0, b, 0, out, 0, whole);
    if (rest > 0) {
      MemorySegment.copy(a, whole, lastA, 0, rest);
      MemorySegment.copy(b, whole, lastB, 0, rest);
      loop.run(lastA, 0, lastB, 0, lastA, 0, Lanes.BYTES);
      MemorySegment.copy(lastA, 0, out, whole, rest);
    }
  }
}
