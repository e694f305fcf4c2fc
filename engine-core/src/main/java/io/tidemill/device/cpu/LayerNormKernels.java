package io.tidemill.device.cpu;

import static io.tidemill.device.cpu.Lanes.BYTES;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/**
 * Standardises each row [rows, n] and differentiates that; float32, moments in double.
 *
 * <p>Sums run over four interleaved accumulators on every machine. In double the sum of a constant
 * row is exact, so such a row gives zeros and not amplified rounding errors. Owns scratch fields:
 * one for each execution.
 */
final class LayerNormKernels {
  private double mean;
  private double inverseStd;

  void forward(MemorySegment x, MemorySegment out, int rows, int n, float epsilon) {
    long whole = Lanes.wholeBytes(n);
    VectorMask<Float> tail = Lanes.tail(n);
    for (int row = 0; row < rows; row++) {
      long base = (long) row * n * Float.BYTES;
      measure(x, base, n, epsilon);
      float shift = (float) mean;
      float scale = (float) inverseStd;
      for (long i = 0; i < whole; i += BYTES) {
        Lanes.store(Lanes.load(x, base + i).sub(shift).mul(scale), out, base + i);
      }
      FloatVector last = Lanes.load(x, base + whole, tail).sub(shift).mul(scale);
      Lanes.store(last, out, base + whole, tail);
    }
  }

  /** dx = (dy - mean(dy) - xhat mean(dy xhat)) / std, with xhat the standardised row. */
  void gradient(
      MemorySegment x, MemorySegment dy, MemorySegment out, int rows, int n, float epsilon) {
    for (int row = 0; row < rows; row++) {
      long base = (long) row * n * Float.BYTES;
      measure(x, base, n, epsilon);
      double sum = 0;
      double dot = 0;
      for (long i = base; i < base + (long) n * Float.BYTES; i += Float.BYTES) {
        double upstream = dy.get(JAVA_FLOAT, i);
        sum += upstream;
        dot += upstream * (x.get(JAVA_FLOAT, i) - mean) * inverseStd;
      }
      for (long i = base; i < base + (long) n * Float.BYTES; i += Float.BYTES) {
        double standardised = (x.get(JAVA_FLOAT, i) - mean) * inverseStd;
        double dx = (dy.get(JAVA_FLOAT, i) - sum / n - standardised * (dot / n)) * inverseStd;
        out.set(JAVA_FLOAT, i, (float) dx);
      }
    }
  }

  private void measure(MemorySegment x, long base, int n, float epsilon) {
    mean = sum(x, base, n, 0, false) / n;
    inverseStd = 1 / Math.sqrt(sum(x, base, n, mean, true) / n + epsilon);
  }

  /** Sum over the row of x - shift, squared where asked. */
  private static double sum(MemorySegment x, long base, int n, double shift, boolean squared) {
    double s0 = 0;
    double s1 = 0;
    double s2 = 0;
    double s3 = 0;
    long end = base + (long) n * Float.BYTES;
    long i = base;
    for (; i <= end - 4 * Float.BYTES; i += 4 * Float.BYTES) {
      s0 += term(x, i, shift, squared);
      s1 += term(x, i + Float.BYTES, shift, squared);
      s2 += term(x, i + 2 * Float.BYTES, shift, squared);
      s3 += term(x, i + 3 * Float.BYTES, shift, squared);
    }
    for (; i < end; i += Float.BYTES) {
      s0 += term(x, i, shift, squared);
    }
    return (s0 + s1) + (s2 + s3);
  }

  private static double term(MemorySegment x, long at, double shift, boolean squared) {
    double centred = x.get(JAVA_FLOAT, at) - shift;
    return squared ? centred * centred : centred;
  }
}
