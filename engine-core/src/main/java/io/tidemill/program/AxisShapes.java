package io.tidemill.program;

import io.tidemill.tensor.DataType;
import io.tidemill.tensor.Shape;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The shapes of operations that rearrange, cut or reduce the axes of their inputs. The first axis,
 * the rows, stays as it is.
 */
final class AxisShapes {
  private AxisShapes() {}

  /** A shape with one axis less. */
  static Shape without(Shape shape, int axis) {
    int[] dims = shape.dims();
    return Shape.of(
        IntStream.range(0, dims.length).filter(i -> i != axis).map(i -> dims[i]).toArray());
  }

  /** A shape with one axis more, before which {@code axis} others lie. */
  static Shape with(Shape shape, int axis, int dim) {
    int[] dims = shape.dims();
    return Shape.of(
        IntStream.rangeClosed(0, dims.length)
            .map(i -> i == axis ? dim : dims[i < axis ? i : i - 1])
            .toArray());
  }

  static Shape reshaped(List<Integer> dims, Operands in) {
    long elements = dims.stream().mapToLong(Integer::longValue).reduce(1, (a, b) -> a * b);
    in.take(
        "a tensor whose samples have " + elements + " elements, for " + dims,
        1,
        () ->
            in.shape(0).rank() >= 1
                && in.shape(0).withRows(1).elements() == elements
                && dims.stream().allMatch(dim -> dim >= 1));
    return Shape.of(
        IntStream.concat(
                IntStream.of(in.shape(0).dim(0)), dims.stream().mapToInt(Integer::intValue))
            .toArray());
  }

  static Shape transposed(List<Integer> axes, Operands in) {
    boolean isPermutation =
        axes.stream().sorted().toList().equals(IntStream.range(0, axes.size()).boxed().toList());
    in.take(
        "a tensor of as many dimensions as " + axes + ", a permutation that begins with 0",
        1,
        () -> isPermutation && axes.getFirst() == 0 && in.shape(0).rank() == axes.size());
    return Shape.of(axes.stream().mapToInt(in.shape(0)::dim).toArray());
  }

  static Shape concatenated(int axis, Operands in) {
    in.take(
        "two or more tensors that differ in axis " + axis + " alone",
        Math.max(2, in.count()),
        () ->
            isInnerAxis(axis, in)
                && IntStream.range(1, in.count())
                    .allMatch(
                        i ->
                            in.shape(i).rank() == in.shape(0).rank()
                                && without(in.shape(i), axis).equals(without(in.shape(0), axis))));
    return resized(axis, IntStream.range(0, in.count()).map(i -> in.shape(i).dim(axis)).sum(), in);
  }

  static Shape sliced(Op.Slice slice, Operands in) {
    int axis = slice.axis();
    boolean fits =
        in.count() == 1
            && isInnerAxis(axis, in)
            && 0 <= slice.from()
            && slice.from() < slice.to()
            && slice.to() <= in.shape(0).dim(axis);
    if (!fits || in.type(0) == DataType.INT64) {
      throw in.mismatch(
          "a tensor with [%d, %d) on axis %d".formatted(slice.from(), slice.to(), axis));
    }
    return resized(axis, slice.to() - slice.from(), in);
  }

  static Shape padded(Op.Pad pad, Operands in) {
    int axis = pad.axis();
    in.take(
        "a tensor with an axis " + axis,
        1,
        () -> isInnerAxis(axis, in) && pad.before() >= 0 && pad.after() >= 0);
    return resized(axis, pad.before() + in.shape(0).dim(axis) + pad.after(), in);
  }

  static Shape reduced(int axis, Operands in) {
    in.take(
        "a tensor with an axis " + axis,
        1,
        () -> isInnerAxis(axis, in) && in.shape(0).dim(axis) > 0);
    return without(in.shape(0), axis);
  }

  static Shape maximaInput(int axis, Operands in) {
    in.take(
        "a tensor with an axis " + axis + ", its maxima and their gradient",
        3,
        () ->
            isInnerAxis(axis, in)
                && without(in.shape(0), axis).equals(in.shape(1))
                && in.same(1, 2));
    return in.shape(0);
  }

  static Shape repeated(int axis, int times, Operands in) {
    in.take(
        "a tensor of at least " + axis + " dimensions",
        1,
        () -> axis >= 1 && axis <= in.shape(0).rank() && times >= 1);
    return with(in.shape(0), axis, times);
  }

  private static boolean isInnerAxis(int axis, Operands in) {
    return axis >= 1 && axis < in.shape(0).rank();
  }

  /** The shape of the first input with another dimension. */
  private static Shape resized(int axis, int dim, Operands in) {
    int[] dims = in.shape(0).dims();
    dims[axis] = dim;
    return Shape.of(dims);
  }
}
