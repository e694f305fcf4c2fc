package io.tidemill.tensor;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * The dimensions of a tensor, row-major; the first may be {@link #ANY} (the rows of a batch), and
 * others, too, in models that others made.
 *
 * <p>A value: immutable, equal by dimensions.
 */
public final class Shape {
  /** A dimension that is known only when the model is asked. Printed {@code *}. */
  public static final int ANY = -1;

  private final int[] dims;

  private Shape(int[] dims) {
    this.dims = dims;
  }

  /** The shape of these dimensions, of which the first may be open; none gives a scalar. */
  public static Shape of(int... dims) {
    for (int i = 1; i < dims.length; i++) {
      if (dims[i] == ANY) {
        throw negative(dims, i);
      }
    }
    return open(dims);
  }

  /** The shape of these dimensions, of which any may be open. */
  public static Shape open(int... dims) {
    long elements = 1;
    for (int i = 0; i < dims.length; i++) {
      if (dims[i] < 0 && dims[i] != ANY) {
        throw negative(dims, i);
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

  /** Whether every dimension is known. */
  public boolean isFixed() {
    return Arrays.stream(dims).noneMatch(dim -> dim == ANY);
  }

  /** This shape with {@code rows} where the first dimension was unknown. */
  public Shape bind(int rows) {
    return isOpen() ? withRows(rows) : this;
  }

  /** Whether both differ in the number of rows, the first dimension, at most. */
  public boolean hasRowsOf(Shape other) {
    int rank = dims.length;
    return rank > 0
        && rank == other.dims.length
        && Arrays.equals(dims, 1, rank, other.dims, 1, rank);
  }

  /** This shape with another first dimension. */
  public Shape withRows(int rows) {
    int[] bound = dims.clone();
    bound[0] = rows;
    return open(bound);
  }

  /**
   * The shape of these dimensions where they agree with this one, open ones being 1 or more; empty
   * where they do not, or where there are more elements than can be counted.
   */
  public Optional<Shape> bind(long[] found) {
    int[] bound = new int[found.length];
    boolean fits = found.length == dims.length;
    long room = Long.MAX_VALUE / Long.BYTES;
    for (int i = 0; fits && i < dims.length; i++) {
      boolean isOpen = dims[i] == ANY;
      fits = isOpen ? found[i] >= 1 && found[i] <= Integer.MAX_VALUE : found[i] == dims[i];
      fits &= found[i] <= room;
      room /= Math.max(1, found[i]);
      bound[i] = (int) found[i];
    }
    return fits ? Optional.of(new Shape(bound)) : Optional.empty();
  }

  /** The number of elements, each unknown dimension being counted as 1. */
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

  private static EngineException negative(int[] dims, int position) {
    return new EngineException(
        ErrorCode.INVALID_ARGUMENT,
        "negative dimension in shape " + Arrays.toString(dims) + ": position=" + position);
  }

  @Override
  public String toString() {
    return Arrays.stream(dims)
        .mapToObj(dim -> dim == ANY ? "*" : String.valueOf(dim))
        .collect(Collectors.joining(", ", "[", "]"));
  }
}
