package io.tidemill.device.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Exponential and logarithm, written out in fused multiply-adds; where there is a form for vectors
 * and one for a number, with the same bits.
 *
 * <p>{@code lanewise(EXP)} is another library (SVML) once compiled than when interpreted, with
 * other bits, and so may {@code Math.exp} be; this is the same IEEE operations either way. The
 * scalar form serves tails and short rows: C2 does not inline the vector form twice in one method,
 * and boxes its operands then.
 */
final class VectorMath {
  private static final float LOWEST = -104;
  private static final float HIGHEST = 89;
  private static final float LOG2_E = 1.442695f;
  private static final float LN2_HIGH = 0x1.63p-1f;
  private static final float LN2_LOW = -2.1219444e-4f;
  private static final float C7 = 1.9875691e-4f;
  private static final float C6 = 1.3981999e-3f;
  private static final float C5 = 8.333452e-3f;
  private static final float C4 = 4.1665796e-2f;
  private static final float C3 = 1.6666666e-1f;
  private static final float C2 = 0.5f;

  /** Adding and subtracting 1.5 * 2^23 rounds to the nearest integer, ties to even. */
  private static final float ROUND = 0x1.8p23f;

  private static final int ROUND_BITS = Float.floatToRawIntBits(ROUND);
  private static final int BIAS = 127;
  private static final int MANTISSA_BITS = 23;

  private static final float L3 = 0.3333333f;
  private static final float L4 = -0.24999994f;
  private static final float L5 = 0.20000714f;
  private static final float L6 = -0.16668057f;
  private static final float L7 = 0.14249323f;
  private static final float L8 = -0.12420141f;
  private static final float L9 = 0.116769984f;
  private static final float L10 = -0.1151461f;
  private static final float L11 = 0.070376836f;

  private static final int ROOT_HALF_BITS = Float.floatToRawIntBits((float) Math.sqrt(0.5));
  private static final int EXPONENT = 0xff800000;
  private static final int SIGN = 0x80000000;
  private static final int FOUR_BITS = Float.floatToRawIntBits(4);

  private VectorMath() {}

  /**
   * exp(x), |error| at most 2 ulp, gradual underflow, 0 below -104, infinity above 88.73, NaN for
   * NaN.
   *
   * <p>x = n ln 2 + r with |r| at most ln 2 / 2, and exp(x) = 2^n exp(r), the latter by the
   * polynomial of Cephes' expf (Moshier 1989). 2^n is applied in two halves so that subnormal
   * results are rounded once.
   */
  static float exp(float x) {
    float clamped = Math.min(Math.max(x, LOWEST), HIGHEST);
    float shifted = Math.fma(clamped, LOG2_E, ROUND);
    float n = shifted - ROUND;
    float r = Math.fma(n, -LN2_HIGH, clamped);
    r = Math.fma(n, -LN2_LOW, r);
    float p = Math.fma(C7, r, C6);
    p = Math.fma(p, r, C5);
    p = Math.fma(p, r, C4);
    p = Math.fma(p, r, C3);
    p = Math.fma(p, r, C2);
    p = Math.fma(p, r * r, r) + 1;
    int exponent = Float.floatToRawIntBits(shifted) - ROUND_BITS;
    int half = exponent >> 1;
    return p * powerOfTwo(half) * powerOfTwo(exponent - half);
  }

  /** {@link #exp(float)} in each lane. */
  static FloatVector exp(FloatVector x) {
    FloatVector clamped = x.max(LOWEST).min(HIGHEST);
    FloatVector shifted = clamped.fma(Lanes.broadcast(LOG2_E), Lanes.broadcast(ROUND));
    FloatVector n = shifted.sub(ROUND);
    FloatVector r = n.fma(Lanes.broadcast(-LN2_HIGH), clamped);
    r = n.fma(Lanes.broadcast(-LN2_LOW), r);
    FloatVector p = r.fma(Lanes.broadcast(C7), Lanes.broadcast(C6));
    p = p.fma(r, Lanes.broadcast(C5));
    p = p.fma(r, Lanes.broadcast(C4));
    p = p.fma(r, Lanes.broadcast(C3));
    p = p.fma(r, Lanes.broadcast(C2));
    p = p.fma(r.mul(r), r).add(1f);
    IntVector exponent = shifted.reinterpretAsInts().sub(ROUND_BITS);
    IntVector half = exponent.lanewise(VectorOperators.ASHR, 1);
    return p.mul(powerOfTwo(half)).mul(powerOfTwo(exponent.sub(half)));
  }

  /**
   * sign(x) log(1 + |x|), |error| at most 2 ulp; NaN for NaN, an infinity for itself, -0 for -0.
   *
   * <p>1 + |x| = 2^n (1 + f) with 1 + f from sqrt(1/2) to sqrt(2); then f = |x| 2^-n + (2^-n - 1)
   * needs one rounding, so a small x loses nothing to the 1 that is added. log(1 + f) is the
   * polynomial of Cephes' logf (Moshier 1989). |x| 2^-n is taken off the exponent bits, and 2^-n is
   * a quarter of 2^(2-n), which is a normal number up to n = 128.
   *
   * <p>For one number only: in vectors it is so long that C2 stops inlining and boxes them.
   */
  static float signedLog1p(float x) {
    float size = Math.abs(x);
    int power = (Float.floatToRawIntBits(size + 1) - ROOT_HALF_BITS) & EXPONENT;
    float below = Math.fma(Float.intBitsToFloat(FOUR_BITS - power), 0.25f, -1);
    float f = Float.intBitsToFloat(Float.floatToRawIntBits(size) - power) + below;
    float n = Float.intBitsToFloat((power >> MANTISSA_BITS) + ROUND_BITS) - ROUND;
    float p = Math.fma(L11, f, L10);
    p = Math.fma(p, f, L9);
    p = Math.fma(p, f, L8);
    p = Math.fma(p, f, L7);
    p = Math.fma(p, f, L6);
    p = Math.fma(p, f, L5);
    p = Math.fma(p, f, L4);
    p = Math.fma(p, f, L3);
    p = Math.fma(p, f, -0.5f) * (f * f);
    float log = Math.fma(n, LN2_HIGH, Math.fma(n, LN2_LOW, p) + f);
    float magnitude = Math.max(size - Float.MAX_VALUE, 0) + log; // infinity and NaN stay
    return Float.intBitsToFloat(
        Float.floatToRawIntBits(magnitude) | (Float.floatToRawIntBits(x) & SIGN));
  }

  private static float powerOfTwo(int exponent) {
    return Float.intBitsToFloat((exponent + BIAS) << MANTISSA_BITS);
  }

  private static FloatVector powerOfTwo(IntVector exponent) {
    return exponent.add(BIAS).lanewise(VectorOperators.LSHL, MANTISSA_BITS).reinterpretAsFloats();
  }
}
