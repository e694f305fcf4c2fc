package io.tidemill.device.cpu;

import static io.tidemill.device.cpu.Lanes.BYTES;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/** Activation functions made of exponentials, and their gradients, as {@link ElementLoop}s. */
final class ActivationLoops {
  private static final FloatVector ZERO = Lanes.broadcast(0);
  private static final FloatVector ONE = Lanes.broadcast(1);
  static final float INVERSE_ROOT_2_PI = 0.3989423f;
  private static final FloatVector DENSITY = Lanes.broadcast(INVERSE_ROOT_2_PI);

  private ActivationLoops() {}

  /** 1 / (1 + exp(-x)). */
  static void sigmoid(
      MemorySegment x,
      long xByte,
      MemorySegment unused,
      long unusedByte,
      MemorySegment out,
      long outByte,
      long bytes) {
    for (long i = 0; i < bytes; i += BYTES) {
      FloatVector y = sigmoid(Lanes.load(x, xByte + i));
      Lanes.store(y, out, outByte + i);
    }
  }

  /** dy y (1 - y). */
  static void sigmoidGradient(
      MemorySegment y,
      long yByte,
      MemorySegment dy,
      long dyByte,
      MemorySegment out,
      long outByte,
      long bytes) {
    for (long i = 0; i < bytes; i += BYTES) {
      FloatVector s = Lanes.load(y, yByte + i);
      FloatVector dx = Lanes.load(dy, dyByte + i).mul(s).mul(ONE.sub(s));
      Lanes.store(dx, out, outByte + i);
    }
  }

  static void tanh(
      MemorySegment x,
      long xByte,
      MemorySegment unused,
      long unusedByte,
      MemorySegment out,
      long outByte,
      long bytes) {
    for (long i = 0; i < bytes; i += BYTES) {
      Lanes.store(VectorMath.tanh(Lanes.load(x, xByte + i)), out, outByte + i);
    }
  }

  /** dy (1 - y²). */
  static void tanhGradient(
      MemorySegment y,
      long yByte,
      MemorySegment dy,
      long dyByte,
      MemorySegment out,
      long outByte,
      long bytes) {
    for (long i = 0; i < bytes; i += BYTES) {
      FloatVector t = Lanes.load(y, yByte + i);
      FloatVector slope = t.neg().fma(t, ONE);
      Lanes.store(Lanes.load(dy, dyByte + i).mul(slope), out, outByte + i);
    }
  }

  /** x / (1 + exp(-x)); NaN for -infinity. */
  static void silu(
      MemorySegment x,
      long xByte,
      MemorySegment unused,
      long unusedByte,
      MemorySegment out,
      long outByte,
      long bytes) {
    for (long i = 0; i < bytes; i += BYTES) {
      FloatVector v = Lanes.load(x, xByte + i);
      Lanes.store(v.div(VectorMath.exp(v.neg()).add(ONE)), out, outByte + i);
    }
  }

  /** dy s (1 + x (1 - s)), s being the sigmoid of x; NaN for an infinite x. */
  static void siluGradient(
      MemorySegment x,
      long xByte,
      MemorySegment dy,
      long dyByte,
      MemorySegment out,
      long outByte,
      long bytes) {
    for (long i = 0; i < bytes; i += BYTES) {
      FloatVector v = Lanes.load(x, xByte + i);
      FloatVector upstream = Lanes.load(dy, dyByte + i);
      FloatVector s = sigmoid(v);
      FloatVector slope = ONE.sub(s).fma(v, ONE).mul(s);
      upstream.mul(slope).intoMemorySegment(out, outByte + i, Lanes.ORDER);
    }
  }

  /** x Φ(x) = max(x, 0) - |x| Φ(-|x|), so that nothing cancels. */
  static void gelu(
      MemorySegment x,
      long xByte,
      MemorySegment unused,
      long unusedByte,
      MemorySegment out,
      long outByte,
      long bytes) {
    for (long i = 0; i < bytes; i += BYTES) {
      FloatVector v = Lanes.load(x, xByte + i);
      FloatVector size = VectorMath.tailArgument(v);
      FloatVector tail = VectorMath.bell(size).mul(VectorMath.tailRatio(size));
      size.neg().fma(tail, v.max(ZERO)).intoMemorySegment(out, outByte + i, Lanes.ORDER);
    }
  }

  /** dy (Φ(x) + x φ(x)). */
  static void geluGradient(
      MemorySegment x,
      long xByte,
      MemorySegment dy,
      long dyByte,
      MemorySegment out,
      long outByte,
      long bytes) {
    for (long i = 0; i < bytes; i += BYTES) {
      FloatVector v = Lanes.load(x, xByte + i);
      FloatVector upstream = Lanes.load(dy, dyByte + i);
      FloatVector size = VectorMath.tailArgument(v);
      FloatVector bell = VectorMath.bell(size);
      FloatVector below = bell.mul(VectorMath.tailRatio(size));
      FloatVector density = bell.mul(size).mul(DENSITY);
      // For a negative x the sum is below - density; for a positive one 1 less that.
      FloatVector slope = below.sub(density);
      slope = slope.blend(ONE.sub(slope), v.compare(VectorOperators.GT, ZERO));
      upstream.mul(slope).intoMemorySegment(out, outByte + i, Lanes.ORDER);
    }
  }

  private static FloatVector sigmoid(FloatVector x) {
    return ONE.div(VectorMath.exp(x.neg()).add(ONE));
  }
}
