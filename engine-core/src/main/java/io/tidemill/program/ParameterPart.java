package io.tidemill.program;

import io.tidemill.tensor.Shape;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * A part of a parameter that {@link TensorSplit} has split: of the dimension {@code axis}, seen as
 * [groups, count, ...], those with {@code index} in the second place.
 *
 * @param whole the name of what was split, and {@code shape} its shape
 * @param groups 1, or 3 where queries, keys and values stand side by side and are split each
 */
public record ParameterPart(String whole, Shape shape, int axis, int groups, int index, int count) {

  String name() {
    return whole + "." + index + "of" + count;
  }

  Shape partShape() {
    int[] dims = shape.dims();
    dims[axis] /= count;
    return Shape.of(dims);
  }

  /** Copies the part out of the whole; both float32 and row-major. */
  public void take(MemorySegment wholeFloats, MemorySegment partFloats) {
    int[] dims = shape.dims();
    long outer = Arrays.stream(dims, 0, axis).asLongStream().reduce(1, (a, b) -> a * b) * groups;
    long bytes = shape.elements() / outer / count * Float.BYTES;
    for (long i = 0; i < outer; i++) {
      MemorySegment.copy(wholeFloats, (i * count + index) * bytes, partFloats, i * bytes, bytes);
    }
  }
}
