package io.tidemill.program;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.tensor.DataType;
import io.tidemill.tensor.Shape;
import io.tidemill.tensor.TensorSpec;
import java.util.List;
import java.util.stream.Collectors;

/** Which types and shapes an operation takes, and which it gives. */
final class TypeInference {
  private static final Shape SCALAR = Shape.of();

  private final String layer;
  private final Op op;
  private final List<? extends Value> inputs;

  private TypeInference(String layer, Op op, List<? extends Value> inputs) {
    this.layer = layer;
    this.op = op;
    this.inputs = inputs;
  }

  /** The result of this operation, named after layer and operation. */
  static TensorSpec infer(String layer, Op op, List<? extends Value> inputs) {
    return new TypeInference(layer, op, inputs).infer();
  }

  private TensorSpec infer() {
    return switch (op) {
      case Op.MatMul matMul -> floats(matMulShape(matMul));
      case Op.AddBias _, Op.AddBiasRelu _, Op.ScaleFeatures _ -> {
        take("a matrix [rows, n] and a vector [n]", 2, isMatrix(0) && isVectorFor(1, 0));
        yield floats(shape(0));
      }
      case Op.Standardize _ -> {
        take(
            "a matrix [rows, n] and two vectors [n]",
            3,
            isMatrix(0) && isVectorFor(1, 0) && isVectorFor(2, 0));
        yield floats(shape(0));
      }
      case Op.Relu _, Op.Sigmoid _, Op.SignedLog1p _, Op.Scale _ -> {
        take("one tensor", 1, true);
        yield floats(shape(0));
      }
      case Op.ReluGradient _,
          Op.SigmoidGradient _,
          Op.SignedLog1pGradient _,
          Op.Add _,
          Op.Mul _ -> {
        take("two tensors of one shape", 2, same(0, 1));
        yield floats(shape(0));
      }
      case Op.Softmax _, Op.LayerNorm _ -> {
        take("a matrix [rows, n]", 1, isMatrix(0));
        yield floats(shape(0));
      }
      case Op.SoftmaxGradient _, Op.LayerNormGradient _ -> {
        take("two matrices of one shape [rows, n]", 2, isMatrix(0) && same(0, 1));
        yield floats(shape(0));
      }
      case Op.SumRows _ -> {
        take("a matrix [rows, n]", 1, isMatrix(0));
        yield floats(Shape.of(shape(0).dim(1)));
      }
      case Op.BroadcastRows _ -> {
        take("a vector [n] and a matrix [rows, n]", 2, isMatrix(1) && isVectorFor(0, 1));
        yield floats(shape(1));
      }
      case Op.SoftmaxCrossEntropy _ -> {
        loss(3, DataType.INT32, isMatrix(0) && shape(0).dim(1) >= 2);
        yield floats(SCALAR);
      }
      case Op.SoftmaxCrossEntropyGradient _ -> {
        loss(4, DataType.INT32, isMatrix(0) && shape(0).dim(1) >= 2);
        yield floats(shape(0));
      }
      case Op.BinaryCrossEntropy _ -> {
        loss(3, DataType.FLOAT32, isMatrix(0) && shape(0).dim(1) == 1);
        yield floats(SCALAR);
      }
      case Op.BinaryCrossEntropyGradient _ -> {
        loss(4, DataType.FLOAT32, isMatrix(0) && shape(0).dim(1) == 1);
        yield floats(shape(0));
      }
      case Op.ArgMax _ -> {
        take("a matrix [rows, n] with n at least 1", 1, isMatrix(0) && shape(0).dim(1) >= 1);
        yield result(DataType.INT64, Shape.of(shape(0).dim(0)));
      }
      case Op.Threshold _ -> {
        take("a matrix [rows, 1]", 1, isMatrix(0) && shape(0).dim(1) == 1);
        yield result(DataType.INT64, Shape.of(shape(0).dim(0)));
      }
    };
  }

  private Shape matMulShape(Op.MatMul matMul) {
    String expected =
        "matrices "
            + (matMul.transposeLeft() ? "[k, m]" : "[m, k]")
            + " and "
            + (matMul.transposeRight() ? "[n, k]" : "[k, n]");
    take(expected, 2, isMatrix(0) && isMatrix(1));
    int left = matMul.transposeLeft() ? 0 : 1;
    int right = matMul.transposeRight() ? 1 : 0;
    int columns = shape(1).dim(1 - right);
    if (shape(0).dim(left) != shape(1).dim(right) || columns == Shape.ANY) {
      throw mismatch(expected);
    }
    return Shape.of(shape(0).dim(1 - left), columns);
  }

  private void loss(int count, DataType labels, boolean logitsFit) {
    String logits = labels == DataType.INT32 ? "[rows, classes >= 2]" : "[rows, 1]";
    String expected = "logits " + logits + ", labels [rows] " + labels + " and weights [rows]";
    if (inputs.size() != count
        || !logitsFit
        || !isFloat(0)
        || inputs.get(1).type() != labels
        || !isFloat(2)
        || !isColumn(1)
        || !isColumn(2)
        || (count == 4 && !(isFloat(3) && shape(3).rank() == 0))) {
      throw mismatch(expected);
    }
  }

  /** All inputs float32, {@code count} of them, and of the shapes asked for. */
  private void take(String expected, int count, boolean shapesFit) {
    boolean floats = inputs.stream().allMatch(input -> input.type() == DataType.FLOAT32);
    if (inputs.size() != count || !floats || !shapesFit) {
      throw mismatch(expected);
    }
  }

  private EngineException mismatch(String expected) {
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

  private boolean isFloat(int input) {
    return inputs.get(input).type() == DataType.FLOAT32;
  }

  private boolean isMatrix(int input) {
    return input < inputs.size() && shape(input).rank() == 2;
  }

  /** Whether an input is a vector as long as the rows of another. */
  private boolean isVectorFor(int vector, int matrix) {
    return vector < inputs.size()
        && matrix < inputs.size()
        && shape(vector).rank() == 1
        && shape(vector).dim(0) == shape(matrix).dim(1);
  }

  /** Whether an input has one element for each row of the first. */
  private boolean isColumn(int input) {
    return shape(input).rank() == 1 && shape(input).dim(0) == shape(0).dim(0);
  }

  private boolean same(int left, int right) {
    return right < inputs.size() && shape(left).equals(shape(right));
  }

  private Shape shape(int input) {
    return inputs.get(input).shape();
  }

  private TensorSpec floats(Shape shape) {
    return result(DataType.FLOAT32, shape);
  }

  private TensorSpec result(DataType type, Shape shape) {
    return new TensorSpec(layer + "." + op.name(), type, shape);
  }
}
