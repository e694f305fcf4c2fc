package io.tidemill.device.cpu;

import static io.tidemill.device.cpu.Lanes.BYTES;
import static io.tidemill.device.cpu.Lanes.FLOAT;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;

/**
 * Standardises each row [rows, n] and differentiates that; float32, sums in double.
 *
 * <p>One pass takes all sums, of the distances to the row's first element: a constant row has none
 * and so gives exactly 0, and the variance, mean square less squared mean, loses at most a factor n
 * of a double's precision, since a row's first element is within sqrt(n) deviations of its mean.
 * Owns scratch fields: one for each execution.
 */
final class LayerNormKernels {
  /** Sums over the row of d = x - x[0], of d², of dy and of dy d. */
  private double sum;

  private double squares;
  private double upstream;
  private double dot;

  void forward(MemorySegment x, MemorySegment out, int rows, int n, float epsilon) {
    for (int row = 0; row < rows; row++) {
      long base = (long) row * n * Float.BYTES;
      float first = x.get(FLOAT, base);
      measure(x, base, n, first);
      forwardRow(x, out, base, n, first, (float) (sum / n), (float) inverseStd(n, epsilon));
    }
  }

  private static void forwardRow(
      MemorySegment x, MemorySegment out, long base, int n, float first, float mean, float scale) {
    long end = base + (long) n * Float.BYTES;
    long whole = base + Lanes.wholeBytes(n);
    for (long i = base; i < whole; i += BYTES) {
      Lanes.store(Lanes.load(x, i).sub(first).sub(mean).mul(scale), out, i);
    }
    for (long i = whole; i < end; i += Float.BYTES) {
      out.set(FLOAT, i, (x.get(FLOAT, i) - first - mean) * scale);
    }
  }

  /** dx = (dy - mean(dy) - xhat mean(dy xhat)) / std, with xhat the standardised row. */
  void gradient(
      MemorySegment x, MemorySegment dy, MemorySegment out, int rows, int n, float epsilon) {
    for (int row = 0; row < rows; row++) {
      long base = (long) row * n * Float.BYTES;
      float first = x.get(FLOAT, base);
      measure(x, dy, base, n, first);
      double mean = sum / n;
      double scale = inverseStd(n, epsilon);
      double correlation = (dot - mean * upstream) * scale / n;
      gradientRow(
          x,
          dy,
          out,
          base,
          n,
          first,
          (float) mean,
          (float) (upstream / n),
          (float) (correlation * scale),
          (float) scale);
    }
  }

  private static void gradientRow(
      MemorySegment x,
      MemorySegment dy,
      MemorySegment out,
      long base,
      int n,
      float first,
      float mean,
      float upstreamMean,
      float slope,
      float scale) {
    long whole = Lanes.wholeBytes(n);
    for (long i = 0; i < whole; i += BYTES) {
      FloatVector centred = Lanes.load(x, base + i).sub(first).sub(mean);
      FloatVector dx = Lanes.load(dy, base + i).sub(upstreamMean).sub(centred.mul(slope));
      dx.mul(scale).intoMemorySegment(out, base + i, Lanes.ORDER);
    }
    for (long i = base + whole; i < base + (long) n * Float.BYTES; i += Float.BYTES) {
      float centred = x.get(FLOAT, i) - first - mean;
      float dx = dy.get(FLOAT, i) - upstreamMean - centred * slope;
      out.set(FLOAT, i, dx * scale);
    }
  }

  private double inverseStd(int n, float epsilon) {
    double mean = sum / n;
    return 1 / Math.sqrt(Math.max(squares / n - mean * mean, 0) + epsilon);
  }

  private void measure(MemorySegment x, long base, int n, float first) {
    long whole = Lanes.wholeBytes(n);
    DoubleVector s0 = DoubleLanes.zero();
    DoubleVector s1 = DoubleLanes.zero();
    DoubleVector q0 = DoubleLanes.zero();
    DoubleVector q1 = DoubleLanes.zero();
    for (long i = 0; i < whole; i += BYTES) {
      DoubleVector d0 = DoubleLanes.widen(DoubleLanes.load(x, base + i).sub(first));
      DoubleVector d1 =
          DoubleLanes.widen(DoubleLanes.load(x, base + i + DoubleLanes.BYTES).sub(first));
      s0 = s0.add(d0);
      s1 = s1.add(d1);
      q0 = d0.fma(d0, q0);
      q1 = d1.fma(d1, q1);
    }
    sum = DoubleLanes.sum(s0.add(s1));
    squares = DoubleLanes.sum(q0.add(q1));
    if (whole < (long) n * Float.BYTES) {
      measureRest(x, base + whole, base + (long) n * Float.BYTES, first);
    }
  }

  private void measureRest(MemorySegment x, long from, long to, float first) {
    for (long i = from; i < to; i += Float.BYTES) {
      double d = x.get(FLOAT, i) - first;
      sum += d;
      squares += d * d;
    }
  }

  private void measure(MemorySegment x, MemorySegment dy, long base, int n, float first) {
    long whole = DoubleLanes.wholeBytes(n);
    DoubleVector sums = DoubleLanes.zero();
    DoubleVector squareSums = DoubleLanes.zero();
    DoubleVector upstreams = DoubleLanes.zero();
    DoubleVector dots = DoubleLanes.zero();
    for (long i = 0; i < whole; i += DoubleLanes.BYTES) {
      DoubleVector d = DoubleLanes.widen(DoubleLanes.load(x, base + i).sub(first));
      DoubleVector g = DoubleLanes.widen(DoubleLanes.load(dy, base + i));
      sums = sums.add(d);
      squareSums = d.fma(d, squareSums);
      upstreams = upstreams.add(g);
      dots = g.fma(d, dots);
    }
    sum = DoubleLanes.sum(sums);
    squares = DoubleLanes.sum(squareSums);
    upstream = DoubleLanes.sum(upstreams);
    dot = DoubleLanes.sum(dots);
    if (whole < (long) n * Float.BYTES) {
      measureRest(x, dy, base + whole, base + (long) n * Float.BYTES, first);
    }
  }

  private void measureRest(MemorySegment x, MemorySegment dy, long from, long to, float first) {
    measureRest(x, from, to, first);
    for (long i = from; i < to; i += Float.BYTES) {
      double g = dy.get(FLOAT, i);
      upstream += g;
      dot += g * (x.get(FLOAT, i) - first);
    }
  }
}
