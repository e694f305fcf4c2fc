package io.tidemill.device.cpu;

import static io.tidemill.device.cpu.Lanes.BYTES;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/**
 * Pooling of float32 images [rows, height, width, channels], vectors lying along the channels.
 *
 * <p>oneDNN's is no faster (docs/benchmarks/onednn-layouts.md), and would need a workspace from the
 * forward pass.
 */
final class PoolKernels {
  private PoolKernels() {}

  static void max(MemorySegment x, MemorySegment y, Pooling p) {
    long channels = (long) p.channels() * Float.BYTES;
    for (int window = 0; window < p.windows(); window++) {
      for (long channel = 0; channel < channels; channel += BYTES) {
        max(x, y, p, window, channel, lanes(channels - channel));
      }
    }
  }

  private static void max(
      MemorySegment x, MemorySegment y, Pooling p, int window, long channel, VectorMask<Float> m) {
    FloatVector largest = Lanes.broadcast(Float.NEGATIVE_INFINITY);
    int endLine = p.endLine(window);
    int endColumn = p.endColumn(window);
    for (int line = p.firstLine(window); line < endLine; line++) {
      for (int column = p.firstColumn(window); column < endColumn; column++) {
        largest = largest.max(Lanes.load(x, p.at(line, column) + channel, m));
      }
    }
    Lanes.store(largest, y, p.resultAt(window) + channel, m);
  }

  static void maxGradient(
      MemorySegment x, MemorySegment y, MemorySegment dy, MemorySegment dx, Pooling p) {
    dx.fill((byte) 0);
    long channels = (long) p.channels() * Float.BYTES;
    for (int window = 0; window < p.windows(); window++) {
      for (long channel = 0; channel < channels; channel += BYTES) {
        maxGradient(x, y, dy, dx, p, window, channel, lanes(channels - channel));
      }
    }
  }

  /**
   * Each lane's gradient goes to the first pixel that has the largest; NaN is the largest of all.
   */
  private static void maxGradient(
      MemorySegment x,
      MemorySegment y,
      MemorySegment dy,
      MemorySegment dx,
      Pooling p,
      int window,
      long channel,
      VectorMask<Float> m) {
    FloatVector largest = Lanes.load(y, p.resultAt(window) + channel, m);
    FloatVector gradient = Lanes.load(dy, p.resultAt(window) + channel, m);
    VectorMask<Float> open = m;
    int endLine = p.endLine(window);
    int endColumn = p.endColumn(window);
    for (int line = p.firstLine(window); line < endLine; line++) {
      for (int column = p.firstColumn(window); column < endColumn; column++) {
        long at = p.at(line, column) + channel;
        FloatVector pixel = Lanes.load(x, at, m);
        VectorMask<Float> hit = open.and(pixel.eq(largest).or(pixel.test(VectorOperators.IS_NAN)));
        Lanes.store(Lanes.load(dx, at, m).add(gradient, hit), dx, at, m);
        open = open.andNot(hit);
      }
    }
  }

  static void average(MemorySegment x, MemorySegment y, Pooling p) {
    long channels = (long) p.channels() * Float.BYTES;
    for (int window = 0; window < p.windows(); window++) {
      for (long channel = 0; channel < channels; channel += BYTES) {
        average(x, y, p, window, channel, lanes(channels - channel));
      }
    }
  }

  private static void average(
      MemorySegment x, MemorySegment y, Pooling p, int window, long channel, VectorMask<Float> m) {
    FloatVector sum = Lanes.broadcast(0);
    int endLine = p.endLine(window);
    int endColumn = p.endColumn(window);
    for (int line = p.firstLine(window); line < endLine; line++) {
      for (int column = p.firstColumn(window); column < endColumn; column++) {
        sum = sum.add(Lanes.load(x, p.at(line, column) + channel, m));
      }
    }
    Lanes.store(sum.div(p.window() * p.window()), y, p.resultAt(window) + channel, m);
  }

  static void averageGradient(MemorySegment dy, MemorySegment dx, Pooling p) {
    dx.fill((byte) 0);
    long channels = (long) p.channels() * Float.BYTES;
    for (int window = 0; window < p.windows(); window++) {
      for (long channel = 0; channel < channels; channel += BYTES) {
        averageGradient(dy, dx, p, window, channel, lanes(channels - channel));
      }
    }
  }

  private static void averageGradient(
      MemorySegment dy,
      MemorySegment dx,
      Pooling p,
      int window,
      long channel,
      VectorMask<Float> m) {
    FloatVector gradient =
        Lanes.load(dy, p.resultAt(window) + channel, m).div(p.window() * p.window());
    int endLine = p.endLine(window);
    int endColumn = p.endColumn(window);
    for (int line = p.firstLine(window); line < endLine; line++) {
      for (int column = p.firstColumn(window); column < endColumn; column++) {
        long at = p.at(line, column) + channel;
        Lanes.store(Lanes.load(dx, at, m).add(gradient), dx, at, m);
      }
    }
  }

  private static VectorMask<Float> lanes(long bytes) {
    return Lanes.SPECIES.indexInRange(0, bytes / Float.BYTES);
  }
}
