package io.tidemill.device.cpu;

import static io.tidemill.device.cpu.Lanes.BYTES;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/**
 * Divides each row [rows, n] by its root mean square and differentiates that; float32, sums in
 * double. Owns scratch fields: one for each execution.
 */
final class RmsNormKernels {
  /** Sums over the row of x² and of x dy. */
  private double squares;

  private double dot;

  void forward(MemorySegment x, MemorySegment out, int rows, int n, float epsilon) {
    long whole = Lanes.wholeBytes(n);
    VectorMask<Float> tail = Lanes.tail(n);
    boolean hasTail = tail.anyTrue();
    for (int row = 0; row < rows; row++) {
      long base = (long) row * n * Float.BYTES;
      measure(x, x, base, n);
      float scale = (float) (1 / Math.sqrt(squares / n + epsilon));
      for (long i = 0; i < whole; i += BYTES) {
        Lanes.store(Lanes.load(x, base + i).mul(scale), out, base + i);
      }
      if (hasTail) {
        Lanes.store(Lanes.load(x, base + whole, tail).mul(scale), out, base + whole, tail);
      }
    }
  }

  /** dx = (dy - xhat mean(dy xhat)) / rms, with xhat the row over its root mean square. */
  void gradient(
      MemorySegment x, MemorySegment dy, MemorySegment out, int rows, int n, float epsilon) {
    long whole = Lanes.wholeBytes(n);
    VectorMask<Float> tail = Lanes.tail(n);
    boolean hasTail = tail.anyTrue();
    for (int row = 0; row < rows; row++) {
      long base = (long) row * n * Float.BYTES;
      measure(x, dy, base, n);
      double inverse = 1 / Math.sqrt(squares / n + epsilon);
      float scale = (float) inverse;
      float slope = (float) (inverse * inverse * dot / n);
      for (long i = 0; i < whole; i += BYTES) {
        FloatVector dx = Lanes.load(dy, base + i).sub(Lanes.load(x, base + i).mul(slope));
        Lanes.store(dx.mul(scale), out, base + i);
      }
      if (hasTail) {
        FloatVector pull = Lanes.load(x, base + whole, tail).mul(slope);
        FloatVector dx = Lanes.load(dy, base + whole, tail).sub(pull);
        Lanes.store(dx.mul(scale), out, base + whole, tail);
      }
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
      double number = x.get(JAVA_FLOAT, i);
      squares += number * number;
      dot += number * dy.get(JAVA_FLOAT, i);
    }
  }
}
