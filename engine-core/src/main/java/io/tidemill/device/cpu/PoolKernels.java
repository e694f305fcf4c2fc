package io.tidemill.device.cpu;

import static io.tidemill.device.cpu.Lanes.BYTES;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import io.tidemill.tensor.Shape;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/**
 * Pooling of float32 images [rows, height, width, channels]: vectors lie along the channels, and
 * the channels that are left are done one by one.
 *
 * <p>oneDNN's would need a workspace from the forward pass, and saves 3 % of a step
 * (docs/benchmarks/onednn-layouts.md).
 */
final class PoolKernels {
  private final int images;
  private final PoolWindows windows;
  private final float area;
  private final long line;
  private final long pixel;
  private final long whole;

  /** Kernels for one shape of images. */
  PoolKernels(Shape shape, int window, int stride, int padding) {
    this.images = shape.dim(0);
    this.windows = new PoolWindows(shape, window, stride, padding);
    this.area = (float) window * window;
    this.line = windows.lineBytes;
    this.pixel = windows.pixelBytes;
    this.whole = Lanes.wholeBytes(shape.dim(3));
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
          maxVector(x, y, first + channel, end + channel, width, result + channel);
        }
        for (long channel = whole; channel < pixel; channel += Float.BYTES) {
          maxOne(x, y, first + channel, end + channel, width, result + channel);
        }
        result += pixel;
      }
    }
  }

  private void maxVector(
      MemorySegment x, MemorySegment y, long first, long end, long width, long result) {
    FloatVector largest = Lanes.load(x, first);
    for (long begin = first; begin < end; begin += line) {
      for (long at = begin; at < begin + width; at += pixel) {
        largest = largest.max(Lanes.load(x, at));
      }
    }
    Lanes.store(largest, y, result);
  }

  private void maxOne(
      MemorySegment x, MemorySegment y, long first, long end, long width, long result) {
    float largest = x.get(JAVA_FLOAT, first);
    for (long begin = first; begin < end; begin += line) {
      for (long at = begin; at < begin + width; at += pixel) {
        largest = Math.max(largest, x.get(JAVA_FLOAT, at));
      }
    }
    y.set(JAVA_FLOAT, result, largest);
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
          maxGradientVector(x, y, dy, dx, first + channel, end + channel, width, result + channel);
        }
        for (long channel = whole; channel < pixel; channel += Float.BYTES) {
          maxGradientOne(x, y, dy, dx, first + channel, end + channel, width, result + channel);
        }
        result += pixel;
      }
    }
  }

  /**
   * The gradient goes to the first that is not below the largest; where that is NaN, to the first.
   */
  private void maxGradientVector(
      MemorySegment x,
      MemorySegment y,
      MemorySegment dy,
      MemorySegment dx,
      long first,
      long end,
      long width,
      long result) {
    FloatVector zero = Lanes.broadcast(0);
    FloatVector largest = Lanes.load(y, result);
    FloatVector left = Lanes.load(dy, result);
    for (long begin = first; begin < end; begin += line) {
      for (long at = begin; at < begin + width; at += pixel) {
        VectorMask<Float> below = Lanes.load(x, at).lt(largest);
        Lanes.store(Lanes.load(dx, at).add(left.blend(zero, below)), dx, at);
        left = zero.blend(left, below);
      }
    }
  }

  private void maxGradientOne(
      MemorySegment x,
      MemorySegment y,
      MemorySegment dy,
      MemorySegment dx,
      long first,
      long end,
      long width,
      long result) {
    float largest = y.get(JAVA_FLOAT, result);
    float left = dy.get(JAVA_FLOAT, result);
    for (long begin = first; begin < end; begin += line) {
      for (long at = begin; at < begin + width; at += pixel) {
        boolean below = x.get(JAVA_FLOAT, at) < largest;
        dx.set(JAVA_FLOAT, at, dx.get(JAVA_FLOAT, at) + (below ? 0 : left));
        left = below ? left : 0;
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
          averageVector(x, y, first + channel, end + channel, width, result + channel);
        }
        for (long channel = whole; channel < pixel; channel += Float.BYTES) {
          averageOne(x, y, first + channel, end + channel, width, result + channel);
        }
        result += pixel;
      }
    }
  }

  private void averageVector(
      MemorySegment x, MemorySegment y, long first, long end, long width, long result) {
    FloatVector sum = Lanes.broadcast(0);
    for (long begin = first; begin < end; begin += line) {
      for (long at = begin; at < begin + width; at += pixel) {
        sum = sum.add(Lanes.load(x, at));
      }
    }
    Lanes.store(sum.div(area), y, result);
  }

  private void averageOne(
      MemorySegment x, MemorySegment y, long first, long end, long width, long result) {
    float sum = 0;
    for (long begin = first; begin < end; begin += line) {
      for (long at = begin; at < begin + width; at += pixel) {
        sum += x.get(JAVA_FLOAT, at);
      }
    }
    y.set(JAVA_FLOAT, result, sum / area);
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
          averageGradientVector(dy, dx, first + channel, end + channel, width, result + channel);
        }
        for (long channel = whole; channel < pixel; channel += Float.BYTES) {
          averageGradientOne(dy, dx, first + channel, end + channel, width, result + channel);
        }
        result += pixel;
      }
    }
  }

  private void averageGradientVector(
      MemorySegment dy, MemorySegment dx, long first, long end, long width, long result) {
    FloatVector gradient = Lanes.load(dy, result).div(area);
    for (long begin = first; begin < end; begin += line) {
      for (long at = begin; at < begin + width; at += pixel) {
        Lanes.store(Lanes.load(dx, at).add(gradient), dx, at);
      }
    }
  }

  private void averageGradientOne(
      MemorySegment dy, MemorySegment dx, long first, long end, long width, long result) {
    float gradient = dy.get(JAVA_FLOAT, result) / area;
    for (long begin = first; begin < end; begin += line) {
      for (long at = begin; at < begin + width; at += pixel) {
        dx.set(JAVA_FLOAT, at, dx.get(JAVA_FLOAT, at) + gradient);
      }
    }
  }
}
