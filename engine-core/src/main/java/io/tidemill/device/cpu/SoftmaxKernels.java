package io.tidemill.device.cpu;

import static io.tidemill.device.cpu.Lanes.BYTES;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/**
 * Softmax over rows [rows, n] and what the losses need of it; float32, sums of exponentials in
 * double, in the order of the row.
 *
 * <p>A row that holds NaN, +infinity or nothing but -infinity gives NaN. Owns scratch space: one
 * for each execution.
 */
final class SoftmaxKernels {
  private final float[] scratch = new float[Lanes.LENGTH];

  void softmax(MemorySegment x, MemorySegment out, int rows, int n) {
    for (int row = 0; row < rows; row++) {
      softmaxRow(x, out, (long) row * n * Float.BYTES, n);
    }
  }

  /** Softmax of the row that begins at byte {@code base}; out may be x. */
  void softmaxRow(MemorySegment x, MemorySegment out, long base, int n) {
    float max = max(x, base, n);
    double sum = 0;
    for (int i = 0; i < n; i++) {
      long at = base + (long) i * Float.BYTES;
      float exponential = VectorMath.exp(x.get(JAVA_FLOAT, at) - max);
      out.set(JAVA_FLOAT, at, exponential);
      sum += exponential;
    }
    float inverse = (float) (1 / sum);
    for (int i = 0; i < n; i++) {
      long at = base + (long) i * Float.BYTES;
      out.set(JAVA_FLOAT, at, out.get(JAVA_FLOAT, at) * inverse);
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

  /** Largest element of the row that begins at byte {@code base}; NaN where one is NaN. */
  float max(MemorySegment x, long base, int n) {
    float max = Float.NEGATIVE_INFINITY;
    for (int i = 0; i < n; i++) {
      max = Math.max(max, x.get(JAVA_FLOAT, base + (long) i * Float.BYTES));
    }
    return max;
  }

  /** Sum over the row of exp(x - max). */
  double sumOfExponentials(MemorySegment x, long base, int n, float max) {
    double sum = 0;
    for (int i = 0; i < n; i++) {
      sum += VectorMath.exp(x.get(JAVA_FLOAT, base + (long) i * Float.BYTES) - max);
    }
    return sum;
  }
}
