package io.tidemill.program;

import io.tidemill.tensor.DataType;
import io.tidemill.tensor.Shape;
import io.tidemill.tensor.TensorSpec;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** Which types and shapes an operation takes, and which it gives. */
final class TypeInference {
  private static final Shape SCALAR = Shape.of();
  private static final Shape RANDOM_KEY = Shape.of(3);

  private final Operands in;

  private TypeInference(Operands in) {
    this.in = in;
  }

  /** The result of this operation, named after layer and operation. */
  static TensorSpec infer(String layer, Op op, List<? extends Value> inputs) {
    return new TypeInference(new Operands(layer, op, inputs)).infer();
  }

  private TensorSpec infer() {
    in.requireLookups();
    return switch (in.op()) {
      case Op.MatMul matMul -> floats(matMulShape(matMul));
      case Op.AddBias _, Op.AddBiasRelu _, Op.ScaleFeatures _ -> {
        in.take(
            "x and a vector of the shape of its last dimensions",
            2,
            () -> in.isMatrix(0) && in.isSuffix(1, 0));
        yield floats(in.shape(0));
      }
      case Op.Standardize _ -> {
        in.take(
            "x and two vectors of the shape of its last dimensions",
            3,
            () -> in.isMatrix(0) && in.isSuffix(1, 0) && in.isSuffix(2, 0));
        yield floats(in.shape(0));
      }
      case Op.SumRows(int axes) -> {
        in.take(
            "a tensor of more than " + axes + " dimensions, and axes of 1 or more",
            1,
            () -> axes >= 1 && in.shape(0).rank() > axes);
        int[] dims = in.shape(0).dims();
        yield floats(Shape.of(Arrays.copyOfRange(dims, dims.length - axes, dims.length)));
      }
      case Op.BroadcastRows _ -> {
        in.take(
            "a vector and a tensor that ends in its shape",
            2,
            () -> in.isMatrix(1) && in.isSuffix(0, 1));
        yield floats(in.shape(1));
      }
      case Op.Elementwise elementwise -> {
        in.take(
            elementwise.operands() == 1 ? "one tensor" : "two tensors of one shape",
            elementwise.operands(),
            () -> in.count() < 2 || in.same(0, 1));
        yield floats(in.shape(0));
      }
      case Op.Fused fused -> {
        in.take(
            "tensors of one shape and steps that read them or earlier steps",
            in.count(),
            () -> IntStream.range(1, in.count()).allMatch(i -> in.same(0, i)) && isOrdered(fused));
        yield floats(in.shape(0));
      }
      case Op.Dropout(float rate, long _) -> {
        boolean fits = in.count() == 2 && in.isFloat(0) && rate >= 0 && rate < 1;
        if (!fits || in.type(1) != DataType.INT64 || !in.shape(1).equals(RANDOM_KEY)) {
          throw in.mismatch("x, a key [3] INT64 and a rate in [0, 1)");
        }
        yield floats(in.shape(0));
      }
      case Op.Softmax _, Op.LayerNorm _, Op.RmsNorm _ -> {
        in.take("a matrix [rows, n]", 1, () -> in.isMatrix(0));
        yield floats(in.shape(0));
      }
      case Op.SoftmaxGradient _, Op.LayerNormGradient _, Op.RmsNormGradient _ -> {
        in.take("two matrices of one shape [rows, n]", 2, () -> in.isMatrix(0) && in.same(0, 1));
        yield floats(in.shape(0));
      }
      case Op.BatchMean _ -> {
        in.take(
            "a matrix [rows, n] and weights [samples]", 2, () -> in.isMatrix(0) && in.isColumn(1));
        yield floats(Shape.of(in.shape(0).dim(-1)));
      }
      case Op.BatchVariance _ -> {
        in.take(
            "a matrix [rows, n], its mean [n] and weights [samples]",
            3,
            () -> in.isMatrix(0) && in.isFeatures(1) && in.isColumn(2));
        yield floats(in.shape(1));
      }
      case Op.BatchNorm _ -> {
        in.take(
            "a matrix [rows, n], its mean [n] and variance [n], and weights [samples]",
            4,
            () -> in.isMatrix(0) && in.isFeatures(1) && in.isFeatures(2) && in.isColumn(3));
        yield floats(in.shape(0));
      }
      case Op.BatchNormGradient _ -> {
        in.take(
            "a matrix [rows, n], its mean [n] and variance [n], weights [samples] and dy",
            5,
            () ->
                in.isMatrix(0)
                    && in.isFeatures(1)
                    && in.isFeatures(2)
                    && in.isColumn(3)
                    && in.same(0, 4));
        yield floats(in.shape(0));
      }
      case Op.NormalizeFeatures _ -> {
        in.take(
            "a matrix [rows, n], mean [n] and variance [n]",
            3,
            () -> in.isMatrix(0) && in.isFeatures(1) && in.isFeatures(2));
        yield floats(in.shape(0));
      }
      case Op.WeightStatistic _ -> {
        in.take("a statistic [n] and weights [samples]", 2, () -> in.shape(1).rank() == 1);
        yield floats(in.shape(0));
      }
      case Op.Conv2d conv -> floats(ImageShapes.convolution(conv, in));
      case Op.Conv2dInputGradient conv -> floats(ImageShapes.convolutionInput(conv, in));
      case Op.Conv2dWeightGradient conv -> floats(ImageShapes.convolutionWeight(conv, in));
      case Op.MaxPool2d(int window, int stride, int padding) ->
          floats(ImageShapes.pooled(window, stride, padding, in, 1));
      case Op.AveragePool2d(int window, int stride, int padding) ->
          floats(ImageShapes.pooled(window, stride, padding, in, 1));
      case Op.MaxPool2dGradient pool -> floats(ImageShapes.maxPoolInput(pool, in));
      case Op.AveragePool2dGradient pool -> floats(ImageShapes.averagePoolInput(pool, in));
      case Op.Embedding _ -> {
        requireIds("ids INT32 and a table [count, n]", in.isFloat(1) && in.shape(1).rank() == 2);
        yield floats(rowsOf(0, in.shape(1).dim(1)));
      }
      case Op.EmbeddingGradient(int count) -> {
        requireIds(
            "ids INT32 and the gradient of their rows",
            in.isFloat(1)
                && in.shape(1).rank() == in.shape(0).rank() + 1
                && rowsOf(0, in.shape(1).dim(-1)).equals(in.shape(1)));
        yield floats(Shape.of(count, in.shape(1).dim(-1)));
      }
      case Op.EmbeddingRowsGradient(int count) -> {
        boolean fits = in.count() > 0 && in.count() % 2 == 0;
        for (int i = 0; fits && i < in.count(); i += 2) {
          fits =
              in.type(i) == DataType.INT32
                  && in.isFloat(i + 1)
                  && in.shape(i + 1).rank() == in.shape(i).rank() + 1
                  && rowsOf(i, in.shape(1).dim(-1)).equals(in.shape(i + 1));
        }
        if (!fits) {
          throw in.mismatch("ids INT32 and the gradient of their rows, for each lookup");
        }
        yield floats(Shape.of(count, in.shape(1).dim(-1)));
      }
      case Op.CausalAttention(int heads) -> {
        in.take(attended(heads), 1, () -> isAttended(heads));
        yield floats(attention());
      }
      case Op.CausalAttentionGradient(int heads) -> {
        in.take(
            attended(heads) + " and the gradient of the result",
            2,
            () -> isAttended(heads) && in.shape(1).equals(attention()));
        yield floats(in.shape(0));
      }
      case Op.Reshape(List<Integer> dims) -> floats(AxisShapes.reshaped(dims, in));
      case Op.Transpose(List<Integer> axes) -> floats(AxisShapes.transposed(axes, in));
      case Op.Concat(int axis) -> floats(AxisShapes.concatenated(axis, in));
      case Op.Slice slice -> {
        Shape part = AxisShapes.sliced(slice, in); // refuses an input that is not there
        yield result(in.type(0), part);
      }
      case Op.Pad pad -> floats(AxisShapes.padded(pad, in));
      case Op.Reduce(Op.Reduction _, int axis) -> floats(AxisShapes.reduced(axis, in));
      case Op.ReduceMaxGradient(int axis) -> floats(AxisShapes.maximaInput(axis, in));
      case Op.Repeat(int axis, int times) -> floats(AxisShapes.repeated(axis, times, in));
      case Op.SoftmaxCrossEntropy _ -> {
        classLoss(3);
        yield floats(SCALAR);
      }
      case Op.SoftmaxCrossEntropyGradient _ -> {
        classLoss(4);
        yield floats(in.shape(0));
      }
      case Op.BinaryCrossEntropy _ -> {
        loss(3, "logits [rows, 1]", in.isMatrix(0) && in.shape(0).dim(-1) == 1);
        yield floats(SCALAR);
      }
      case Op.BinaryCrossEntropyGradient _ -> {
        loss(4, "logits [rows, 1]", in.isMatrix(0) && in.shape(0).dim(-1) == 1);
        yield floats(in.shape(0));
      }
      case Op.MeanSquaredError _, Op.Huber _ -> {
        loss(3, "outputs [rows, n]", in.isMatrix(0));
        yield floats(SCALAR);
      }
      case Op.MeanSquaredErrorGradient _, Op.HuberGradient _ -> {
        loss(4, "outputs [rows, n]", in.isMatrix(0));
        yield floats(in.shape(0));
      }
      case Op.ArgMax _ -> {
        in.take(
            "a matrix [rows, n] with n at least 1",
            1,
            () -> in.isMatrix(0) && in.shape(0).dim(-1) >= 1);
        yield result(DataType.INT64, leading());
      }
      case Op.Threshold _ -> {
        in.take("a matrix [rows, 1]", 1, () -> in.isMatrix(0) && in.shape(0).dim(-1) == 1);
        yield result(DataType.INT64, leading());
      }
    };
  }

  private Shape matMulShape(Op.MatMul matMul) {
    String expected =
        "matrices "
            + (matMul.transposeLeft() ? "[k, m]" : "[m, k]")
            + " and "
            + (matMul.transposeRight() ? "[n, k]" : "[k, n]");
    in.take(expected, 2, () -> in.isMatrix(0) && in.isMatrix(1));
    boolean fits;
    if (matMul.transposeLeft()) {
      int inner = matMul.transposeRight() ? in.shape(1).dim(-1) : in.rows(1);
      fits = in.rows(0) == inner && (!matMul.transposeRight() || in.shape(1).rank() == 2);
    } else {
      int inner = in.shape(1).dim(matMul.transposeRight() ? 1 : 0);
      fits = in.shape(0).dim(-1) == inner && in.shape(1).rank() == 2;
    }
    int columns = matMul.transposeRight() ? in.shape(1).dim(0) : in.shape(1).dim(-1);
    if (!fits || columns == Shape.ANY) {
      throw in.mismatch(expected);
    }
    int[] dims = in.shape(0).dims();
    if (matMul.transposeLeft()) {
      return Shape.of(dims[dims.length - 1], columns);
    }
    dims[dims.length - 1] = columns;
    return Shape.of(dims);
  }

  private static String attended(int heads) {
    return "queries, keys and values [rows, length, 3 width] with width a multiple of "
        + heads
        + " heads";
  }

  private boolean isAttended(int heads) {
    return heads >= 1 && in.shape(0).rank() == 3 && in.shape(0).dim(2) % (3 * heads) == 0;
  }

  /** The result for the first input: as wide as its queries. */
  private Shape attention() {
    return Shape.of(in.shape(0).dim(0), in.shape(0).dim(1), in.shape(0).dim(2) / 3);
  }

  private boolean isOrdered(Op.Fused fused) {
    for (int i = 0; i < fused.steps().size(); i++) {
      int known = in.count() + i;
      Op.Fused.Step step = fused.steps().get(i);
      if (step.operands().size() != step.op().operands()
          || step.operands().stream().anyMatch(operand -> operand < 0 || operand >= known)) {
        return false;
      }
    }
    return !fused.steps().isEmpty();
  }

  private void requireIds(String expected, boolean fits) {
    if (in.count() != 2 || in.type(0) != DataType.INT32 || !fits) {
      throw in.mismatch(expected);
    }
  }

  /** Labels are class numbers, one for each position of the logits. */
  private void classLoss(int count) {
    boolean fits =
        in.count() == count
            && in.isFloat(0)
            && in.isMatrix(0)
            && in.shape(0).dim(-1) >= 2
            && in.type(1) == DataType.INT32
            && in.shape(1).equals(leading())
            && in.isColumn(2)
            && in.isFloat(2)
            && (count == 3 || in.isScalar(3));
    if (!fits) {
      throw in.mismatch(
          "logits [rows, ..., classes >= 2], labels [rows, ...] INT32 and weights [rows]");
    }
  }

  private void loss(int count, String outputs, boolean outputsFit) {
    boolean fits =
        in.count() == count
            && outputsFit
            && IntStream.range(0, 3).allMatch(in::isFloat)
            && (in.same(0, 1)
                || (in.isColumn(1) && in.shape(0).rank() == 2 && in.shape(0).dim(1) == 1))
            && in.isColumn(2)
            && (count == 3 || in.isScalar(3));
    if (!fits) {
      throw in.mismatch(outputs + ", labels of the same number and weights [rows]");
    }
  }

  /** The shape of the first input without its last dimension. */
  private Shape leading() {
    return AxisShapes.without(in.shape(0), in.shape(0).rank() - 1);
  }

  /** The shape of rows of {@code width}, one for each id of an input. */
  private Shape rowsOf(int ids, int width) {
    return AxisShapes.with(in.shape(ids), in.shape(ids).rank(), width);
  }

  private TensorSpec floats(Shape shape) {
    return result(DataType.FLOAT32, shape);
  }

  private TensorSpec result(DataType type, Shape shape) {
    return new TensorSpec(in.layer() + "." + in.op().name(), type, shape);
  }
}
