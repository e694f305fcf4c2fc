package io.tidemill.device.cpu;

import static io.tidemill.device.cpu.Lanes.BYTES;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import io.tidemill.tensor.Shape;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/**
 * Joins the elements along an axis, which takes a tensor as [outer, length, inner]; float32, in the
 * order of the axis.
 */
final class AxisKernels {
  private final long outer;
  private final long length;
  private final long innerBytes;

  AxisKernels(Shape shape, int axis) {
    this.outer = elements(shape, 0, axis);
    this.length = shape.dim(axis);
    this.innerBytes = elements(shape, axis + 1, shape.rank()) * Float.BYTES;
  }

  /** The product of the dimensions [from, to). */
  static long elements(Shape shape, int from, int to) {
    long elements = 1;
    for (int axis = from; axis < to; axis++) {
      elements *= shape.dim(axis);
    }
    return elements;
  }

  void sum(MemorySegment x, MemorySegment out, float factor) {
    long whole = Lanes.wholeBytes(innerBytes / Float.BYTES);
    for (long i = 0; i < outer; i++) {
      long from = i * length * innerBytes;
      long to = i * innerBytes;
      for (long at = 0; at < whole; at += BYTES) {
        FloatVector sum = Lanes.broadcast(0);
        for (int j = 0; j < length; j++) {
          sum = sum.add(Lanes.load(x, from + j * innerBytes + at));
        }
        Lanes.store(sum.mul(factor), out, to + at);
      }
      for (long at = whole; at < innerBytes; at += Float.BYTES) {
        float sum = 0;
        for (int j = 0; j < length; j++) {
          sum += x.get(JAVA_FLOAT, from + j * innerBytes + at);
        }
        out.set(JAVA_FLOAT, to + at, sum * factor);
      }
    }
  }

  /** NaN where one is NaN. */
  void max(MemorySegment x, MemorySegment out) {
    long whole = Lanes.wholeBytes(innerBytes / Float.BYTES);
    for (long i = 0; i < outer; i++) {
      long from = i * length * innerBytes;
      long to = i * innerBytes;
      for (long at = 0; at < whole; at += BYTES) {
        FloatVector max = Lanes.load(x, from + at);
        for (int j = 1; j < length; j++) {
          max = max.max(Lanes.load(x, from + j * innerBytes + at));
        }
        Lanes.store(max, out, to + at);
      }
      for (long at = whole; at < innerBytes; at += Float.BYTES) {
        float max = x.get(JAVA_FLOAT, from + at);
        for (int j = 1; j < length; j++) {
          max = Math.max(max, x.get(JAVA_FLOAT, from + j * innerBytes + at));
        }
        out.set(JAVA_FLOAT, to + at, max);
      }
    }
  }

  /** All of dy goes to the first element that is the largest, or NaN where that is. */
  void maxGradient(MemorySegment x, MemorySegment y, MemorySegment dy, MemorySegment out) {
    out.fill((byte) 0);
    for (long i = 0; i < outer; i++) {
      for (long at = 0; at < innerBytes; at += Float.BYTES) {
        long result = i * innerBytes + at;
        float largest = y.get(JAVA_FLOAT, result);
        long j = i * length * innerBytes + at;
        while (Float.compare(x.get(JAVA_FLOAT, j) + 0f, largest + 0f) != 0) {
          j += innerBytes;
        }
        out.set(JAVA_FLOAT, j, dy.get(JAVA_FLOAT, result));
      }
    }
  }

  /** x [outer, inner] to [outer, times, inner]. */
  static void repeat(MemorySegment x, MemorySegment out, long outer, int times) {
    long bytes = x.byteSize() / Math.max(1, outer);
    for (long i = 0; i < outer; i++) {
      for (int j = 0; j < times; j++) {
        MemorySegment.copy(x, i * bytes, out, (i * times + j) * bytes, bytes);
      }
    }
  }

  /**
   * Copies the parts [from, from + bytes) of rows of x to the rows of out, there from byte {@code
   * to} on: what slices, joins and pads.
   */
  static void copy(
      MemorySegment x,
      long from,
      long xRow,
      MemorySegment out,
      long to,
      long outRow,
      long bytes,
      long rows) {
    for (long i = 0; i < rows; i++) {
      MemorySegment.copy(x, from + i * xRow, out, to + i * outRow, bytes);
    }
  }
}
