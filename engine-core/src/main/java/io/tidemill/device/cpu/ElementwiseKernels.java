package io.tidemill.device.cpu;

import static io.tidemill.device.cpu.Lanes.BYTES;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/** Sums of {@code floats} float32 elements, whatever their number; out may be an input. */
final class ElementwiseKernels {
  private ElementwiseKernels() {}

  static void add(MemorySegment a, MemorySegment b, MemorySegment out, long floats) {
    add(a, 0, b, 0, out, 0, floats);
  }

  /** a + b, each from its own byte offset. */
  static void add(
      MemorySegment a,
      long aByte,
      MemorySegment b,
      long bByte,
      MemorySegment out,
      long outByte,
      long floats) {
    long whole = Lanes.wholeBytes(floats);
    for (long i = 0; i < whole; i += BYTES) {
      FloatVector sum = Lanes.load(a, aByte + i).add(Lanes.load(b, bByte + i));
      Lanes.store(sum, out, outByte + i);
    }
    VectorMask<Float> tail = Lanes.tail(floats);
    if (tail.anyTrue()) {
      FloatVector sum = Lanes.load(a, aByte + whole, tail).add(Lanes.load(b, bByte + whole, tail));
      Lanes.store(sum, out, outByte + whole, tail);
    }
  }
}
