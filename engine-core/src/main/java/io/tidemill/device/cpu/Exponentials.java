package io.tidemill.device.cpu;

import static io.tidemill.device.cpu.Lanes.BYTES;
import static io.tidemill.device.cpu.Lanes.ORDER;
import static io.tidemill.device.cpu.Lanes.SPECIES;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/**
 * exp(x - largest) of a row and the sum of it: the heart of each softmax. Owns scratch space.
 *
 * <p>Below {@code exp(-80)}, 1.8e-35, it gives 0, of which the sum knows nothing: numbers below the
 * smallest normal one cost the processor 150 cycles a vector, and each masked or padded lane would
 * make one on its way to 0.
 */
final class Exponentials {
  static final float LOWEST = -80;

  private final double[] sums = new double[DoubleLanes.LENGTH];

  /**
   * Writes exp(x - largest) for {@code bytes} bytes, whole vectors, and gives the sum, in double.
   *
   * @param largest no x is above it
   */
  double write(
      MemorySegment x, long xByte, float largest, MemorySegment out, long outByte, long bytes) {
    write(x, xByte, largest, out, outByte, bytes, sums);
    return DoubleLanes.sum(DoubleVector.fromArray(DoubleLanes.SPECIES, sums, 0));
  }

  /**
   * Writes the exponentials, and their sums over the lanes.
   *
   * <p>{@link VectorMath#exp(FloatVector)} written out, with its bits, 2^n in one step since no n
   * is extreme. Not by a call: a method of more than 325 bytes (FreqInlineSize) is compiled apart,
   * and this one must be, since it leaves its callers no room (design 0005).
   */
  private static void write(
      MemorySegment x,
      long xByte,
      float largest,
      MemorySegment out,
      long outByte,
      long bytes,
      double[] sums) {
    FloatVector lowest = FloatVector.broadcast(SPECIES, LOWEST);
    FloatVector log2e = FloatVector.broadcast(SPECIES, VectorMath.LOG2_E);
    FloatVector round = FloatVector.broadcast(SPECIES, VectorMath.ROUND);
    FloatVector ln2High = FloatVector.broadcast(SPECIES, -VectorMath.LN2_HIGH);
    FloatVector ln2Low = FloatVector.broadcast(SPECIES, -VectorMath.LN2_LOW);
    FloatVector c7 = FloatVector.broadcast(SPECIES, VectorMath.C7);
    FloatVector c6 = FloatVector.broadcast(SPECIES, VectorMath.C6);
    FloatVector c5 = FloatVector.broadcast(SPECIES, VectorMath.C5);
    FloatVector c4 = FloatVector.broadcast(SPECIES, VectorMath.C4);
    FloatVector c3 = FloatVector.broadcast(SPECIES, VectorMath.C3);
    FloatVector c2 = FloatVector.broadcast(SPECIES, VectorMath.C2);
    FloatVector one = FloatVector.broadcast(SPECIES, 1);
    FloatVector zero = FloatVector.broadcast(SPECIES, 0);
    FloatVector shifts = FloatVector.broadcast(SPECIES, largest);
    DoubleVector low = DoubleLanes.zero();
    DoubleVector high = DoubleLanes.zero();
    for (long i = 0; i < bytes; i += BYTES) {
      FloatVector v = FloatVector.fromMemorySegment(SPECIES, x, xByte + i, ORDER).sub(shifts);
      VectorMask<Float> tiny = v.compare(VectorOperators.LT, lowest);
      FloatVector clamped = v.blend(lowest, tiny);
      FloatVector rounded = clamped.fma(log2e, round);
      FloatVector n = rounded.sub(round);
      FloatVector r = n.fma(ln2Low, n.fma(ln2High, clamped));
      FloatVector p = r.fma(c7, c6).fma(r, c5).fma(r, c4).fma(r, c3).fma(r, c2);
      p = p.fma(r.mul(r), r).add(one);
      IntVector exponent = rounded.reinterpretAsInts().sub(VectorMath.ROUND_BITS);
      IntVector power = exponent.add(VectorMath.BIAS);
      p =
          p.mul(
              power.lanewise(VectorOperators.LSHL, VectorMath.MANTISSA_BITS).reinterpretAsFloats());
      p = p.blend(zero, tiny);
      p.intoMemorySegment(out, outByte + i, ORDER);
      low = low.add(p.convertShape(VectorOperators.F2D, DoubleLanes.SPECIES, 0));
      high = high.add(p.convertShape(VectorOperators.F2D, DoubleLanes.SPECIES, 1));
    }
    low.add(high).intoArray(sums, 0);
  }
}
