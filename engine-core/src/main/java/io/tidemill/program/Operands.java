package io.tidemill.program;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.tensor.DataType;
import io.tidemill.tensor.Shape;
import java.util.Arrays;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * What an operation of a layer is given, as {@link TypeInference} asks about it and refuses it.
 *
 * <p>What is asked of an input that is not there is false; its type and shape are errors.
 */
record Operands(String layer, Op op, List<? extends Value> inputs) {
  int count() {
    return inputs.size();
  }

  DataType type(int input) {
    return inputs.get(input).type();
  }

  Shape shape(int input) {
    return inputs.get(input).shape();
  }

  /** All inputs float32, {@code count} of them, and of the shapes asked for. */
  void take(String expected, int count, BooleanSupplier shapesFit) {
    boolean floats = inputs.stream().allMatch(input -> input.type() == DataType.FLOAT32);
    if (inputs.size() != count || !floats || !shapesFit.getAsBoolean()) {
      throw mismatch(expected);
    }
  }

  EngineException mismatch(String expected) {
    String found =
        inputs.stream()
            .map(
                input ->
                    input.shape() + (input.type() == DataType.FLOAT32 ? "" : " " + input.type()))
            .collect(Collectors.joining(" and "));
    return new EngineException(
        ErrorCode.INVALID_ARGUMENT,
        layer + ": " + op.name() + " expects " + expected + ", gets " + found);
  }

  /** Refuses what would give a table that is trained by row a gradient in every row. */
  void requireLookups() {
    for (int i = 0; i < inputs.size(); i++) {
      boolean lookup = op instanceof Op.Embedding && i == 1;
      if (!lookup
          && inputs.get(i) instanceof Value.Parameter table
          && table.role() == ParameterRole.TRAINED_BY_ROW) {
        throw new EngineException(
            ErrorCode.INVALID_ARGUMENT,
            layer
                + (": " + op.name() + " reads all of " + table.name())
                + ", whose gradient is sparse: expected lookups only; leave sparse() out where a"
                + " table is tied");
      }
    }
  }

  boolean isFloat(int input) {
    return input < inputs.size() && type(input) == DataType.FLOAT32;
  }

  boolean isScalar(int input) {
    return isFloat(input) && shape(input).rank() == 0;
  }

  /** Whether an input can be seen as rows of its last dimension. */
  boolean isMatrix(int input) {
    return input < inputs.size() && shape(input).rank() >= 2;
  }

  /** The rows of an input seen as a matrix; open where its leading dimension is. */
  int rows(int input) {
    int[] dims = shape(input).dims();
    if (dims[0] == Shape.ANY) {
      return Shape.ANY;
    }
    return IntStream.range(0, dims.length - 1).map(i -> dims[i]).reduce(1, (a, b) -> a * b);
  }

  /** Whether the shape of a vector is that of the last dimensions of another input. */
  boolean isSuffix(int vector, int of) {
    if (vector >= inputs.size() || of >= inputs.size()) {
      return false;
    }
    int[] dims = shape(of).dims();
    int rank = shape(vector).rank();
    return rank >= 1
        && rank < dims.length
        && shape(vector)
            .equals(Shape.of(Arrays.copyOfRange(dims, dims.length - rank, dims.length)));
  }

  /** Whether an input has one element for each feature of the first. */
  boolean isFeatures(int input) {
    return input < inputs.size() && shape(input).equals(Shape.of(shape(0).dim(-1)));
  }

  /** Whether an input has one element for each sample of the first. */
  boolean isColumn(int input) {
    return input < inputs.size()
        && shape(input).rank() == 1
        && shape(input).dim(0) == shape(0).dim(0);
  }

  boolean same(int left, int right) {
    return right < inputs.size() && shape(left).equals(shape(right));
  }
}
