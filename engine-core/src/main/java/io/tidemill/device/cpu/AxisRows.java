package io.tidemill.device.cpu;

import io.tidemill.tensor.Shape;
import java.lang.foreign.MemorySegment;

/**
 * A tensor of four-byte elements cut along an axis: rows, one for each index of the axes before it,
 * of {@code length} units, which hold the axes behind it.
 */
record AxisRows(long rows, int length, long unitBytes) {

  static AxisRows of(Shape shape, int axis) {
    long unit = elements(shape, axis + 1, shape.rank());
    return new AxisRows(elements(shape, 0, axis), shape.dim(axis), unit * Float.BYTES);
  }

  /** The product of the dimensions [from, to). */
  static long elements(Shape shape, int from, int to) {
    long elements = 1;
    for (int axis = from; axis < to; axis++) {
      elements *= shape.dim(axis);
    }
    return elements;
  }

  long rowBytes() {
    return length * unitBytes;
  }

  /** Copies {@code units} units of each row, from unit {@code from} on, to unit {@code to}. */
  void copy(MemorySegment source, int from, AxisRows target, MemorySegment out, int to, int units) {
    for (long row = 0; row < rows; row++) {
      long sourceByte = row * rowBytes() + from * unitBytes;
      long targetByte = row * target.rowBytes() + to * unitBytes;
      MemorySegment.copy(source, sourceByte, out, targetByte, units * unitBytes);
    }
  }
}
