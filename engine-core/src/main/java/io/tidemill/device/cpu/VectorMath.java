package io.tidemill.device.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * The exponential, written out in fused multiply-adds.
 *
 * <p>{@code lanewise(EXP)} is another library (SVML) once compiled than when interpreted, with
 * other bits; this is the same IEEE operations either way.
 */
final class VectorMath {
  private static final float LOG2_E = 1.442695f;
  private static final float LN2_HIGH = 0x1.63p-1f;
  private static final float LN2_LOW = -2.1219444e-4f;

  /** Adding and subtracting 1.5 * 2^23 rounds to the nearest integer, ties to even. */
  private static final float ROUND = 0x1.8p23f;

  private static final int ROUND_BITS = Float.floatToRawIntBits(ROUND);
  private static final int BIAS = 127;
  private static final int MANTISSA_BITS = 23;

  private VectorMath() {}

  /**
   * exp(x), |error| at most 2 ulp, gradual underflow, 0 below -104, infinity above 88.73, NaN for
   * NaN.
   *
   * <p>x = n ln 2 + r with |r| at most ln 2 / 2, and exp(x) = 2^n exp(r), the latter by the
   * polynomial of Cephes' expf (Moshier 1989). 2^n is applied in two halves so that subnormal
   * results are rounded once.
   */
  static FloatVector exp(FloatVector x) {
    FloatVector clamped = x.max(-104f).min(89f);
    FloatVector shifted = clamped.fma(Lanes.broadcast(LOG2_E), Lanes.broadcast(ROUND));
    FloatVector n = shifted.sub(ROUND);
    FloatVector r = n.fma(Lanes.broadcast(-LN2_HIGH), clamped);
    r = n.fma(Lanes.broadcast(-LN2_LOW), r);
    FloatVector p = Lanes.broadcast(1.9875691e-4f);
    p = p.fma(r, Lanes.broadcast(0.0013981999f));
    p = p.fma(r, Lanes.broadcast(0.008333452f));
    p = p.fma(r, Lanes.broadcast(0.041665796f));
    p = p.fma(r, Lanes.broadcast(0.16666666f));
    p = p.fma(r, Lanes.broadcast(0.5f));
    p = p.fma(r.mul(r), r).add(1f);
    IntVector exponent = shifted.reinterpretAsInts().sub(ROUND_BITS);
    IntVector half = exponent.lanewise(VectorOperators.ASHR, 1);
    return p.mul(powerOfTwo(half)).mul(powerOfTwo(exponent.sub(half)));
  }

  private static FloatVector powerOfTwo(IntVector exponent) {
    return exponent.add(BIAS).lanewise(VectorOperators.LSHL, MANTISSA_BITS).reinterpretAsFloats();
  }
}
