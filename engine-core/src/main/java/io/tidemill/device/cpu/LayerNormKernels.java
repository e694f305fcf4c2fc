package io.tidemill.device.cpu;

import static io.tidemill.device.cpu.Lanes.BYTES;
import static io.tidemill.device.cpu.Lanes.FLOAT;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/**
 * Standardises each row [rows, n] and differentiates that; float32.
 *
 * <p>Sums are over the distances d to the row's first element, and squares over those to the mean,
 * in a second pass: a constant row has no distances and so gives exactly 0, however large it is,
 * and nothing cancels. A row stays in the nearest cache between its passes. Owns scratch fields:
 * one for each execution.
 */
final class LayerNormKernels {
  /** Sums over the row of (d - mean)², of dy and of dy (d - mean). */
  private float squares;

  private float upstream;
  private float dot;

  void forward(MemorySegment x, MemorySegment out, int rows, int n, float epsilon) {
    for (int row = 0; row < rows; row++) {
      long base = (long) row * n * Float.BYTES;
      float first = x.get(FLOAT, base);
      float mean = distances(x, base, n, first) / n;
      float scale = inverseStd(squares(x, base, n, first, mean), n, epsilon);
      forwardRow(x, out, base, n, first, mean, scale);
    }
  }

  /** dx = (dy - mean(dy) - xhat mean(dy xhat)) / std, with xhat the standardised row. */
  void gradient(
      MemorySegment x, MemorySegment dy, MemorySegment out, int rows, int n, float epsilon) {
    for (int row = 0; row < rows; row++) {
      long base = (long) row * n * Float.BYTES;
      float first = x.get(FLOAT, base);
      float mean = distances(x, base, n, first) / n;
      measure(x, dy, base, n, first, mean);
      float scale = inverseStd(squares, n, epsilon);
      float slope = dot * scale / n * scale;
      gradientRow(x, dy, out, base, n, first, mean, upstream / n, slope, scale);
    }
  }

  private static float inverseStd(float squares, int n, float epsilon) {
    return (float) (1 / Math.sqrt(squares / (double) n + epsilon));
  }

  private static float distances(MemorySegment x, long base, int n, float first) {
    long whole = Lanes.wholeBytes(n);
    FloatVector sums = Lanes.broadcast(0);
    for (long i = base; i < base + whole; i += BYTES) {
      sums = sums.add(Lanes.load(x, i).sub(first));
    }
    float sum = Lanes.sum(sums);
    for (long i = base + whole; i < base + (long) n * Float.BYTES; i += Float.BYTES) {
      sum += x.get(FLOAT, i) - first;
    }
    return sum;
  }

  private static float squares(MemorySegment x, long base, int n, float first, float mean) {
    long whole = Lanes.wholeBytes(n);
    FloatVector sums = Lanes.broadcast(0);
    for (long i = base; i < base + whole; i += BYTES) {
      FloatVector centred = Lanes.load(x, i).sub(first).sub(mean);
      sums = centred.fma(centred, sums);
    }
    float sum = Lanes.sum(sums);
    for (long i = base + whole; i < base + (long) n * Float.BYTES; i += Float.BYTES) {
      float centred = x.get(FLOAT, i) - first - mean;
      sum = Math.fma(centred, centred, sum);
    }
    return sum;
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

  private void measure(
      MemorySegment x, MemorySegment dy, long base, int n, float first, float mean) {
    long whole = Lanes.wholeBytes(n);
    FloatVector squareSums = Lanes.broadcast(0);
    FloatVector upstreams = Lanes.broadcast(0);
    FloatVector dots = Lanes.broadcast(0);
    for (long i = base; i < base + whole; i += BYTES) {
      FloatVector centred = Lanes.load(x, i).sub(first).sub(mean);
      FloatVector g = Lanes.load(dy, i);
      squareSums = centred.fma(centred, squareSums);
      upstreams = upstreams.add(g);
      dots = g.fma(centred, dots);
    }
    squares = Lanes.sum(squareSums);
    upstream = Lanes.sum(upstreams);
    dot = Lanes.sum(dots);
    if (whole < (long) n * Float.BYTES) {
      measureRest(x, dy, base + whole, base + (long) n * Float.BYTES, first, mean);
    }
  }

  private void measureRest(
      MemorySegment x, MemorySegment dy, long from, long to, float first, float mean) {
    for (long i = from; i < to; i += Float.BYTES) {
      float centred = x.get(FLOAT, i) - first - mean;
      float g = dy.get(FLOAT, i);
      squares = Math.fma(centred, centred, squares);
      upstream += g;
      dot = Math.fma(g, centred, dot);
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
}
