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
  static final float LOWEST = -104;
  static final float HIGHEST = 89;
  static final float LOG2_E = 1.442695f;
  static final float LN2_HIGH = 0x1.63p-1f;
  static final float LN2_LOW = -2.1219444e-4f;
  static final float C7 = 1.9875691e-4f;
  static final float C6 = 1.3981999e-3f;
  static final float C5 = 8.333452e-3f;
  static final float C4 = 4.1665796e-2f;
  static final float C3 = 1.6666666e-1f;
  static final float C2 = 0.5f;

  /** Adding and subtracting 1.5 * 2^23 rounds to the nearest integer, ties to even. */
  static final float ROUND = 0x1.8p23f;

  static final int ROUND_BITS = Float.floatToRawIntBits(ROUND);
  static final int BIAS = 127;
  static final int MANTISSA_BITS = 23;

  private static final float L3 = 0.3333333f;
  private static final float L4 = -0.24999994f;
  private static final float L5 = 0.20000714f;
  private static final float L6 = -0.16668057f;
  private static final float L7 = 0.14249323f;
  private static final float L8 = -0.12420141f;
  private static final float L9 = 0.116769984f;
  private static final float L10 = -0.1151461f;
  private static final float L11 = 0.070376836f;

  /** From the highest power down; the last is -1/2. */
  static final float[] LOG_COEFFICIENTS = {L11, L10, L9, L8, L7, L6, L5, L4, L3, -0.5f};

  /** Where tanh is 1 to the last bit, doubled. */
  static final float TANH_LOWEST = -40;

  static final float TAIL_HIGHEST = 15;
  static final float TAIL_SCALE = 0.35f;
  private static final float T8 = -0.029164303f;
  private static final float T7 = 0.14406258f;
  private static final float T6 = -0.25590536f;
  private static final float T5 = 0.15939672f;
  private static final float T4 = -0.023266297f;
  private static final float T3 = 0.10557576f;
  private static final float T2 = 0.119815275f;
  private static final float T1 = 0.13986437f;
  private static final float T0 = 0.13962126f;

  /** From the highest power down. */
  static final float[] TAIL_COEFFICIENTS = {T8, T7, T6, T5, T4, T3, T2, T1, T0};

  static final int ROOT_HALF_BITS = Float.floatToRawIntBits((float) Math.sqrt(0.5));
  static final int EXPONENT = 0xff800000;
  private static final int SIGN = 0x80000000;
  static final int FOUR_BITS = Float.floatToRawIntBits(4);

  /**
   * The constants as vectors: one that C2 finds ready costs it no nodes, and it stops inlining, and
   * boxes, where a method has too many.
   */
  private static final class V {
    static final FloatVector LOG2_E = Lanes.broadcast(VectorMath.LOG2_E);
    static final FloatVector ROUND = Lanes.broadcast(VectorMath.ROUND);
    static final FloatVector MINUS_LN2_HIGH = Lanes.broadcast(-VectorMath.LN2_HIGH);
    static final FloatVector MINUS_LN2_LOW = Lanes.broadcast(-VectorMath.LN2_LOW);
    static final FloatVector C7 = Lanes.broadcast(VectorMath.C7);
    static final FloatVector C6 = Lanes.broadcast(VectorMath.C6);
    static final FloatVector C5 = Lanes.broadcast(VectorMath.C5);
    static final FloatVector C4 = Lanes.broadcast(VectorMath.C4);
    static final FloatVector C3 = Lanes.broadcast(VectorMath.C3);
    static final FloatVector C2 = Lanes.broadcast(VectorMath.C2);
    static final FloatVector ONE = Lanes.broadcast(1f);
    static final FloatVector QUARTER = Lanes.broadcast(0.25f);
    static final FloatVector MINUS_ONE = Lanes.broadcast(-1);
    static final FloatVector L11 = Lanes.broadcast(VectorMath.L11);
    static final FloatVector L10 = Lanes.broadcast(VectorMath.L10);
    static final FloatVector L9 = Lanes.broadcast(VectorMath.L9);
    static final FloatVector L8 = Lanes.broadcast(VectorMath.L8);
    static final FloatVector L7 = Lanes.broadcast(VectorMath.L7);
    static final FloatVector L6 = Lanes.broadcast(VectorMath.L6);
    static final FloatVector L5 = Lanes.broadcast(VectorMath.L5);
    static final FloatVector L4 = Lanes.broadcast(VectorMath.L4);
    static final FloatVector L3 = Lanes.broadcast(VectorMath.L3);
    static final FloatVector MINUS_HALF = Lanes.broadcast(-0.5f);
    static final FloatVector LN2_LOW = Lanes.broadcast(VectorMath.LN2_LOW);
    static final FloatVector LN2_HIGH = Lanes.broadcast(VectorMath.LN2_HIGH);
    static final FloatVector TAIL_SCALE = Lanes.broadcast(VectorMath.TAIL_SCALE);
    static final FloatVector T8 = Lanes.broadcast(VectorMath.T8);
    static final FloatVector T7 = Lanes.broadcast(VectorMath.T7);
    static final FloatVector T6 = Lanes.broadcast(VectorMath.T6);
    static final FloatVector T5 = Lanes.broadcast(VectorMath.T5);
    static final FloatVector T4 = Lanes.broadcast(VectorMath.T4);
    static final FloatVector T3 = Lanes.broadcast(VectorMath.T3);
    static final FloatVector T2 = Lanes.broadcast(VectorMath.T2);
    static final FloatVector T1 = Lanes.broadcast(VectorMath.T1);
    static final FloatVector T0 = Lanes.broadcast(VectorMath.T0);
    static final FloatVector MAX_VALUE = Lanes.broadcast(Float.MAX_VALUE);
    static final FloatVector ZERO = Lanes.broadcast(0f);
    static final FloatVector MINUS_TWO = Lanes.broadcast(-2f);
    static final FloatVector TWO = Lanes.broadcast(2f);
    static final FloatVector TANH_LOWEST = Lanes.broadcast(VectorMath.TANH_LOWEST);
    static final FloatVector TAIL_HIGHEST = Lanes.broadcast(VectorMath.TAIL_HIGHEST);
  }

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
    FloatVector clamped = x.blend(LOWEST, x.compare(VectorOperators.LT, LOWEST));
    clamped = clamped.blend(HIGHEST, x.compare(VectorOperators.GT, HIGHEST));
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

  /** {@link #signedLog1p(float)} in each lane. */
  static FloatVector signedLog1p(FloatVector x) {
    FloatVector size = x.abs();
    IntVector power = size.add(V.ONE).reinterpretAsInts().sub(ROOT_HALF_BITS).and(EXPONENT);
    FloatVector below =
        power.neg().add(FOUR_BITS).reinterpretAsFloats().fma(V.QUARTER, V.MINUS_ONE);
    FloatVector f = size.reinterpretAsInts().sub(power).reinterpretAsFloats().add(below);
    FloatVector n =
        power
            .lanewise(VectorOperators.ASHR, MANTISSA_BITS)
            .add(ROUND_BITS)
            .reinterpretAsFloats()
            .sub(V.ROUND);
    FloatVector p = f.fma(V.L11, V.L10);
    p = p.fma(f, V.L9);
    p = p.fma(f, V.L8);
    p = p.fma(f, V.L7);
    p = p.fma(f, V.L6);
    p = p.fma(f, V.L5);
    p = p.fma(f, V.L4);
    p = p.fma(f, V.L3);
    p = p.fma(f, V.MINUS_HALF).mul(f.mul(f));
    FloatVector log = n.fma(V.LN2_LOW, p).add(f);
    log = n.fma(V.LN2_HIGH, log);
    FloatVector magnitude = size.sub(V.MAX_VALUE).max(V.ZERO).add(log); // infinity and NaN stay
    return magnitude.reinterpretAsInts().or(x.reinterpretAsInts().and(SIGN)).reinterpretAsFloats();
  }

  /**
   * Hyperbolic tangent, |error| at most 3 ulp, NaN for NaN, -0 for -0.
   *
   * <p>With e = exp(-2|x|) - 1 it is -e / (2 + e) with the sign of x. e is 2^n (exp(r) - 1) + (2^n
   * - 1) as in {@link #exp(FloatVector)}, which for a small x is the polynomial alone.
   */
  static FloatVector tanh(FloatVector x) {
    FloatVector t = x.abs().mul(V.MINUS_TWO);
    t = t.blend(V.TANH_LOWEST, t.compare(VectorOperators.LT, V.TANH_LOWEST));
    FloatVector shifted = t.fma(V.LOG2_E, V.ROUND);
    FloatVector n = shifted.sub(V.ROUND);
    FloatVector r = n.fma(V.MINUS_LN2_HIGH, t);
    r = n.fma(V.MINUS_LN2_LOW, r);
    FloatVector p = r.fma(V.C7, V.C6);
    p = p.fma(r, V.C5);
    p = p.fma(r, V.C4);
    p = p.fma(r, V.C3);
    p = p.fma(r, V.C2);
    p = p.fma(r.mul(r), r);
    FloatVector power = powerOfTwo(shifted.reinterpretAsInts().sub(ROUND_BITS));
    FloatVector e = power.fma(p, power.sub(V.ONE));
    FloatVector size = e.neg().div(e.add(V.TWO));
    return size.reinterpretAsInts().or(x.reinterpretAsInts().and(SIGN)).reinterpretAsFloats();
  }

  /** |x|, at most 15, where the normal distribution has no weight left; NaN for NaN. */
  static FloatVector tailArgument(FloatVector x) {
    FloatVector size = x.abs();
    return size.blend(V.TAIL_HIGHEST, size.compare(VectorOperators.GT, V.TAIL_HIGHEST));
  }

  /** exp(-a² / 2). */
  static FloatVector bell(FloatVector a) {
    return exp(a.mul(a).mul(V.MINUS_HALF));
  }

  /**
   * Φ(-a) exp(a² / 2) for a from 0 to 15, Φ the normal distribution function; |relative error| at
   * most 2e-7.
   *
   * <p>t times a polynomial in t = 1 / (1 + 0.35 a), of least relative error, which is 3.2e-8; the
   * form is that of Abramowitz, Stegun 1964, 7.1.26.
   */
  static FloatVector tailRatio(FloatVector a) {
    FloatVector t = V.ONE.div(a.fma(V.TAIL_SCALE, V.ONE));
    FloatVector p = t.fma(V.T8, V.T7);
    p = p.fma(t, V.T6);
    p = p.fma(t, V.T5);
    p = p.fma(t, V.T4);
    p = p.fma(t, V.T3);
    p = p.fma(t, V.T2);
    p = p.fma(t, V.T1);
    p = p.fma(t, V.T0);
    return p.mul(t);
  }

  private static float powerOfTwo(int exponent) {
    return Float.intBitsToFloat((exponent + BIAS) << MANTISSA_BITS);
  }

  private static FloatVector powerOfTwo(IntVector exponent) {
    return exponent.add(BIAS).lanewise(VectorOperators.LSHL, MANTISSA_BITS).reinterpretAsFloats();
  }
}
