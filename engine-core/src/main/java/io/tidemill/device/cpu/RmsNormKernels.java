package io.tidemill.device.cpu;

import static io.tidemill.device.cpu.Lanes.BYTES;
import static io.tidemill.device.cpu.Lanes.FLOAT;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;

/**
 * Divides each row [rows, n] by its root mean square and differentiates that; float32, sums in
 * double. Owns scratch fields: one for each execution.
 */
final class RmsNormKernels {
  /** Sums over the row of x² and of x dy. */
  private double squares;

  private double dot;

  void forward(MemorySegment x, MemorySegment out, int rows, int n, float epsilon) {
    for (int row = 0; row < rows; row++) {
      long base = (long) row * n * Float.BYTES;
      measure(x, x, base, n);
      forwardRow(x, out, base, n, (float) (1 / Math.sqrt(squares / n + epsilon)));
    }
  }

  /** dx = (dy - xhat mean(dy xhat)) / rms, with xhat the row over its root mean square. */
  void gradient(
      MemorySegment x, MemorySegment dy, MemorySegment out, int rows, int n, float epsilon) {
    for (int row = 0; row < rows; row++) {
      long base = (long) row * n * Float.BYTES;
      measure(x, dy, base, n);
      double inverse = 1 / Math.sqrt(squares / n + epsilon);
      double slope = inverse * inverse * dot / n;
      gradientRow(x, dy, out, base, n, (float) slope, (float) inverse);
    }
  }

  private static void forwardRow(
      MemorySegment x, MemorySegment out, long base, int n, float scale) {
    long end = base + (long) n * Float.BYTES;
    long whole = base + Lanes.wholeBytes(n);
    for (long i = base; i < whole; i += BYTES) {
      Lanes.store(Lanes.load(x, i).mul(scale), out, i);
    }
    for (long i = whole; i < end; i += Float.BYTES) {
      out.set(FLOAT, i, x.get(FLOAT, i) * scale);
    }
  }

  private static void gradientRow(
      MemorySegment x,
      MemorySegment dy,
      MemorySegment out,
      long base,
      int n,
      float slope,
      float scale) {
    long end = base + (long) n * Float.BYTES;
    long whole = base + Lanes.wholeBytes(n);
    for (long i = base; i < whole; i += BYTES) {
      FloatVector dx = Lanes.load(dy, i).sub(Lanes.load(x, i).mul(slope));
      Lanes.store(dx.mul(scale), out, i);
    }
    for (long i = whole; i < end; i += Float.BYTES) {
      float dx = dy.get(FLOAT, i) - x.get(FLOAT, i) * slope;
      out.set(FLOAT, i, dx * scale);
    }
  }

  private void measure(MemorySegment x, MemorySegment dy, long base, int n) {
    long whole = DoubleLanes.wholeBytes(n);
    DoubleVector squareSums = DoubleLanes.zero();
    DoubleVector dots = DoubleLanes.zero();
    for (long i = 0; i < whole; i += DoubleLanes.BYTES) {
      DoubleVector number = DoubleLanes.widen(DoubleLanes.load(x, base + i));
      squareSums = number.fma(number, squareSums);
      dots = DoubleLanes.widen(DoubleLanes.load(dy, base + i)).fma(number, dots);
    }
    squares = DoubleLanes.sum(squareSums);
    dot = DoubleLanes.sum(dots);
    if (whole < (long) n * Float.BYTES) {
      measureRest(x, dy, base + whole, base + (long) n * Float.BYTES);
    }
  }

  private void measureRest(MemorySegment x, MemorySegment dy, long from, long to) {
    for (long i = from; i < to; i += Float.BYTES) {
      double number = x.get(FLOAT, i);
      squares += number * number;
      dot += number * dy.get(FLOAT, i);
    }
  }
}
