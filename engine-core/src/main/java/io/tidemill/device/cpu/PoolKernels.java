package io.tidemill.device.cpu;

import static io.tidemill.device.cpu.Lanes.BYTES;

import io.tidemill.tensor.Shape;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/**
 * Pooling of float32 images [rows, height, width, channels], vectors lying along the channels.
 *
 * <p>oneDNN's would need a workspace from the forward pass, and saves 3 % of a step
 * (docs/benchmarks/onednn-layouts.md).
 */
final class PoolKernels {
  private static final VectorMask<Float> ALL = Lanes.SPECIES.maskAll(true);

  private final int images;
  private final PoolWindows windows;
  private final float area;
  private final long line;
  private final long pixel;
  private final long whole;
  private final VectorMask<Float> tail;
  private final boolean hasTail;

  /** Kernels for one shape of images. */
  PoolKernels(Shape shape, int window, int stride, int padding) {
    this.images = shape.dim(0);
    this.windows = new PoolWindows(shape, window, stride, padding);
    this.area = (float) window * window;
    this.line = windows.lineBytes;
    this.pixel = windows.pixelBytes;
    this.whole = Lanes.wholeBytes(shape.dim(3));
    this.tail = Lanes.tail(shape.dim(3));
    this.hasTail = tail.anyTrue();
  }

  void max(MemorySegment x, MemorySegment y) {
    long result = 0;
    for (int image = 0; image < images; image++) {
      long base = image * windows.imageBytes;
      for (int i = 0; i < windows.count; i++) {
        long first = base + windows.first(i);
        long end = base + windows.end(i);
        long width = windows.width(i);
        for (long channel = 0; channel < whole; channel += BYTES) {
          max(x, first + channel, end + channel, width, ALL, y, result + channel);
        }
        if (hasTail) {
          max(x, first + whole, end + whole, width, tail, y, result + whole);
        }
        result += pixel;
      }
    }
  }

  private void max(
      MemorySegment x,
      long first,
      long end,
      long width,
      VectorMask<Float> mask,
      MemorySegment y,
      long result) {
    FloatVector largest = Lanes.load(x, first, mask);
    for (long begin = first; begin < end; begin += line) {
      for (long at = begin; at < begin + width; at += pixel) {
        largest = largest.max(Lanes.load(x, at, mask));
      }
    }
    Lanes.store(largest, y, result, mask);
  }

  void maxGradient(MemorySegment x, MemorySegment y, MemorySegment dy, MemorySegment dx) {
    dx.fill((byte) 0);
    long result = 0;
    for (int image = 0; image < images; image++) {
      long base = image * windows.imageBytes;
      for (int i = 0; i < windows.count; i++) {
        long first = base + windows.first(i);
        long end = base + windows.end(i);
        long width = windows.width(i);
        for (long channel = 0; channel < whole; channel += BYTES) {
          maxGradient(x, y, dy, dx, first + channel, end + channel, width, result + channel, ALL);
        }
        if (hasTail) {
          maxGradient(x, y, dy, dx, first + whole, end + whole, width, result + whole, tail);
        }
        result += pixel;
      }
    }
  }

  /** Each lane's gradient goes to the first pixel not below the largest; so NaN's to the first. */
  private void maxGradient(
      MemorySegment x,
      MemorySegment y,
      MemorySegment dy,
      MemorySegment dx,
      long first,
      long end,
      long width,
      long result,
      VectorMask<Float> mask) {
    FloatVector zero = Lanes.broadcast(0);
    FloatVector largest = Lanes.load(y, result, mask);
    FloatVector left = Lanes.load(dy, result, mask);
    for (long begin = first; begin < end; begin += line) {
      for (long at = begin; at < begin + width; at += pixel) {
        VectorMask<Float> below = Lanes.load(x, at, mask).lt(largest);
        Lanes.store(Lanes.load(dx, at, mask).add(left.blend(zero, below)), dx, at, mask);
        left = zero.blend(left, below);
      }
    }
  }

  void average(MemorySegment x, MemorySegment y) {
    long result = 0;
    for (int image = 0; image < images; image++) {
      long base = image * windows.imageBytes;
      for (int i = 0; i < windows.count; i++) {
        long first = base + windows.first(i);
        long end = base + windows.end(i);
        long width = windows.width(i);
        for (long channel = 0; channel < whole; channel += BYTES) {
          average(x, first + channel, end + channel, width, ALL, y, result + channel);
        }
        if (hasTail) {
          average(x, first + whole, end + whole, width, tail, y, result + whole);
        }
        result += pixel;
      }
    }
  }

  private void average(
      MemorySegment x,
      long first,
      long end,
      long width,
      VectorMask<Float> mask,
      MemorySegment y,
      long result) {
    FloatVector sum = Lanes.broadcast(0);
    for (long begin = first; begin < end; begin += line) {
      for (long at = begin; at < begin + width; at += pixel) {
        sum = sum.add(Lanes.load(x, at, mask));
      }
    }
    Lanes.store(sum.div(area), y, result, mask);
  }

  void averageGradient(MemorySegment dy, MemorySegment dx) {
    dx.fill((byte) 0);
    long result = 0;
    for (int image = 0; image < images; image++) {
      long base = image * windows.imageBytes;
      for (int i = 0; i < windows.count; i++) {
        long first = base + windows.first(i);
        long end = base + windows.end(i);
        long width = windows.width(i);
        for (long channel = 0; channel < whole; channel += BYTES) {
          FloatVector gradient = Lanes.load(dy, result + channel).div(area);
          averageGradient(dx, first + channel, end + channel, width, ALL, gradient);
        }
        if (hasTail) {
          FloatVector gradient = Lanes.load(dy, result + whole, tail).div(area);
          averageGradient(dx, first + whole, end + whole, width, tail, gradient);
        }
        result += pixel;
      }
    }
  }

  private void averageGradient(
      MemorySegment dx,
      long first,
      long end,
      long width,
      VectorMask<Float> mask,
      FloatVector gradient) {
    for (long begin = first; begin < end; begin += line) {
      for (long at = begin; at < begin + width; at += pixel) {
        Lanes.store(Lanes.load(dx, at, mask).add(gradient), dx, at, mask);
      }
    }
  }
}
