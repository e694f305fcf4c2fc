package io.tidemill.device.cpu;

import static io.tidemill.device.cpu.Lanes.BYTES;
import static io.tidemill.device.cpu.Lanes.FLOAT;

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
    AxisRows rows = AxisRows.of(shape, axis);
    this.outer = rows.rows();
    this.length = rows.length();
    this.innerBytes = rows.unitBytes();
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
          sum += x.get(FLOAT, from + j * innerBytes + at);
        }
        out.set(FLOAT, to + at, sum * factor);
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
        float max = x.get(FLOAT, from + at);
        for (int j = 1; j < length; j++) {
          max = Math.max(max, x.get(FLOAT, from + j * innerBytes + at));
        }
        out.set(FLOAT, to + at, max);
      }
    }
  }

  /** All of dy goes to the first of the largest elements of x, or to the first NaN. */
  void maxGradient(MemorySegment x, MemorySegment dy, MemorySegment out) {
    out.fill((byte) 0);
    for (long i = 0; i < outer; i++) {
      for (long at = 0; at < innerBytes; at += Float.BYTES) {
        long first = largest(x, i * length * innerBytes + at);
        out.set(FLOAT, first, dy.get(FLOAT, i * innerBytes + at));
      }
    }
  }

  /** Where the first of the largest of the elements is that begin at byte {@code from}. */
  private long largest(MemorySegment x, long from) {
    long best = from;
    float max = x.get(FLOAT, from);
    for (int j = 1; j < length && !Float.isNaN(max); j++) {
      float candidate = x.get(FLOAT, from + j * innerBytes);
      if (!(candidate <= max)) {
        max = candidate;
        best = from + j * innerBytes;
      }
    }
    return best;
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
}
