package io.tidemill.device.cpu;

import static io.tidemill.device.cpu.Lanes.BYTES;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/**
 * Softmax over rows [rows, n] and what the losses need of it; float32, sums in float by lanes.
 *
 * <p>A row that holds NaN, +infinity or nothing but -infinity gives NaN. Owns scratch space: one
 * for each execution.
 */
final class SoftmaxKernels {
  private final float[] scratch = new float[Lanes.LENGTH];

  void softmax(MemorySegment x, MemorySegment out, int rows, int n) {
    for (int row = 0; row < rows; row++) {
      long base = (long) row * n * Float.BYTES;
      softmaxRow(x, out, base, n);
    }
  }

  void softmaxRow(MemorySegment x, MemorySegment out, long base, int n) {
    float max = max(x, base, n);
    float inverse = 1 / exponentials(x, out, base, n, max);
    long whole = Lanes.wholeBytes(n);
    for (long i = 0; i < whole; i += BYTES) {
      Lanes.store(Lanes.load(out, base + i).mul(inverse), out, base + i);
    }
    VectorMask<Float> tail = Lanes.tail(n);
    if (tail.anyTrue()) {
      Lanes.store(Lanes.load(out, base + whole, tail).mul(inverse), out, base + whole, tail);
    }
  }

  /** dx = y (dy - sum(y dy)). */
  void gradient(MemorySegment y, MemorySegment dy, MemorySegment out, int rows, int n) {
    long whole = Lanes.wholeBytes(n);
    VectorMask<Float> tail = Lanes.tail(n);
    for (int row = 0; row < rows; row++) {
      long base = (long) row * n * Float.BYTES;
      FloatVector sums = Lanes.broadcast(0);
      for (long i = 0; i < whole; i += BYTES) {
        sums = Lanes.load(y, base + i).fma(Lanes.load(dy, base + i), sums);
      }
      FloatVector lastY = Lanes.load(y, base + whole, tail);
      FloatVector lastDy = Lanes.load(dy, base + whole, tail);
      float dot = Lanes.sum(lastY.fma(lastDy, sums), scratch);
      for (long i = 0; i < whole; i += BYTES) {
        FloatVector dx = Lanes.load(y, base + i).mul(Lanes.load(dy, base + i).sub(dot));
        Lanes.store(dx, out, base + i);
      }
      Lanes.store(lastY.mul(lastDy.sub(dot)), out, base + whole, tail);
    }
  }

  /** Largest element of the row that begins at byte {@code base}. */
  float max(MemorySegment x, long base, int n) {
    long whole = Lanes.wholeBytes(n);
    FloatVector max = Lanes.broadcast(Float.NEGATIVE_INFINITY);
    for (long i = 0; i < whole; i += BYTES) {
      max = max.max(Lanes.load(x, base + i));
    }
    VectorMask<Float> tail = Lanes.tail(n);
    if (tail.anyTrue()) {
      max = max.blend(max.max(Lanes.load(x, base + whole, tail)), tail);
    }
    return Lanes.max(max, scratch);
  }

  /** Sum over the row of exp(x - max). */
  float sumOfExponentials(MemorySegment x, long base, int n, float max) {
    long whole = Lanes.wholeBytes(n);
    FloatVector sums = Lanes.broadcast(0);
    for (long i = 0; i < whole; i += BYTES) {
      sums = sums.add(VectorMath.exp(Lanes.load(x, base + i).sub(max)));
    }
    VectorMask<Float> tail = Lanes.tail(n);
    if (tail.anyTrue()) {
      sums = sums.add(VectorMath.exp(Lanes.load(x, base + whole, tail).sub(max)), tail);
    }
    return Lanes.sum(sums, scratch);
  }

  /** Writes exp(x - max) and gives the sum. */
  private float exponentials(MemorySegment x, MemorySegment out, long base, int n, float max) {
    long whole = Lanes.wholeBytes(n);
    FloatVector sums = Lanes.broadcast(0);
    for (long i = 0; i < whole; i += BYTES) {
      FloatVector exponential = VectorMath.exp(Lanes.load(x, base + i).sub(max));
      Lanes.store(exponential, out, base + i);
      sums = sums.add(exponential);
    }
    VectorMask<Float> tail = Lanes.tail(n);
    if (tail.anyTrue()) {
      FloatVector exponential = VectorMath.exp(Lanes.load(x, base + whole, tail).sub(max));
      Lanes.store(exponential, out, base + whole, tail);
      sums = sums.add(exponential, tail);
    }
    return Lanes.sum(sums, scratch);
  }
}
