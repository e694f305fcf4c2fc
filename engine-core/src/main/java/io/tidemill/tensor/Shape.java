package io.tidemill.tensor;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.util.Arrays;
import java.util.stream.Collectors;

/**
 * The dimensions of a tensor, row-major; the first may be {@link #ANY} (the rows of a batch).
 *
 * <p>A value: immutable, equal by dimensions.
 */
public final class Shape {
  /** A leading dimension that is known only when the program is compiled. Printed {@code *}. */
  public static final int ANY = -1;

  private final int[] dims;

  private Shape(int[] dims) {
    this.dims = dims;
  }

  /** The shape of these dimensions; none gives a scalar. */
  public static Shape of(int... dims) {
    long elements = 1;
    for (int i = 0; i < dims.length; i++) {
      if (dims[i] < 0 && !(i == 0 && dims[i] == ANY)) {
        throw new EngineException(
            ErrorCode.INVALID_ARGUMENT,
            "negative dimension in shape " + Arrays.toString(dims) + ": position=" + i);
      }
      elements = dims[i] == ANY ? elements : Math.multiplyExact(elements, (long) dims[i]);
    }
    return new Shape(dims.clone());
  }

  public int rank() {
    return dims.length;
  }

  /** Dimension {@code axis}, counted from the end where negative. */
  public int dim(int axis) {
    return dims[axis < 0 ? dims.length + axis : axis];
  }

  public int[] dims() {
    return dims.clone();
  }

  /** Whether the first dimension is still unknown. */
  public boolean isOpen() {
    return dims.length > 0 && dims[0] == ANY;
  }

  /** This shape with {@code rows} where the first dimension was unknown. */
  public Shape bind(int rows) {
    return isOpen() ? withRows(rows) : this;
  }

  /** This shape with another first dimension. */
  public Shape withRows(int rows) {
    int[] bound = dims.clone();
    bound[0] = rows;
    return of(bound);
  }

  /** The number of elements; of one row where the first dimension is unknown. */
  public long elements() {
    long product = 1;
    for (int dim : dims) {
      product *= dim == ANY ? 1 : dim;
    }
    return product;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Shape shape && Arrays.equals(dims, shape.dims);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(dims);
  }

  @Override
  public String toString() {
    return Arrays.stream(dims)
        .mapToObj(dim -> dim == ANY ? "*" : String.valueOf(dim))
        .collect(Collectors.joining(", ", "[", "]"));
  }
}
