package io.tidemill.program;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.tensor.DataType;
import io.tidemill.tensor.Shape;
import io.tidemill.tensor.TensorSpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Which types and shapes an operation takes, and which it gives. */
final class TypeInference {
  private static final Shape SCALAR = Shape.of();
  private static final Shape RANDOM_KEY = Shape.of(3);

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

  /** Refuses what would give a table that is trained by row a gradient in every row. */
  private void requireLookups() {
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

  private TensorSpec infer() {
    requireLookups();
    return switch (op) {
      case Op.MatMul matMul -> floats(matMulShape(matMul));
      case Op.AddBias _, Op.AddBiasRelu _, Op.ScaleFeatures _ -> {
        take(
            "x and a vector of the shape of its last dimensions",
            2,
            () -> isMatrix(0) && isSuffix(1, 0));
        yield floats(shape(0));
      }
      case Op.Standardize _ -> {
        take(
            "x and two vectors of the shape of its last dimensions",
            3,
            () -> isMatrix(0) && isSuffix(1, 0) && isSuffix(2, 0));
        yield floats(shape(0));
      }
      case Op.SumRows(int axes) -> {
        take(
            "a tensor of more than " + axes + " dimensions, and axes of 1 or more",
            1,
            () -> axes >= 1 && shape(0).rank() > axes);
        int[] dims = shape(0).dims();
        yield floats(Shape.of(Arrays.copyOfRange(dims, dims.length - axes, dims.length)));
      }
      case Op.BroadcastRows _ -> {
        take(
            "a vector and a tensor that ends in its shape", 2, () -> isMatrix(1) && isSuffix(0, 1));
        yield floats(shape(1));
      }
      case Op.Elementwise elementwise -> {
        take(
            elementwise.operands() == 1 ? "one tensor" : "two tensors of one shape",
            elementwise.operands(),
            () -> inputs.size() < 2 || same(0, 1));
        yield floats(shape(0));
      }
      case Op.Fused fused -> {
        take(
            "tensors of one shape and steps that read them or earlier steps",
            inputs.size(),
            () -> IntStream.range(1, inputs.size()).allMatch(i -> same(0, i)) && isOrdered(fused));
        yield floats(shape(0));
      }
      case Op.Dropout(float rate, long _) -> {
        boolean fits = inputs.size() == 2 && isFloat(0) && rate >= 0 && rate < 1;
        if (!fits || inputs.get(1).type() != DataType.INT64 || !shape(1).equals(RANDOM_KEY)) {
          throw mismatch("x, a key [3] INT64 and a rate in [0, 1)");
        }
        yield floats(shape(0));
      }
      case Op.Softmax _, Op.LayerNorm _, Op.RmsNorm _ -> {
        take("a matrix [rows, n]", 1, () -> isMatrix(0));
        yield floats(shape(0));
      }
      case Op.SoftmaxGradient _, Op.LayerNormGradient _, Op.RmsNormGradient _ -> {
        take("two matrices of one shape [rows, n]", 2, () -> isMatrix(0) && same(0, 1));
        yield floats(shape(0));
      }
      case Op.BatchMean _ -> {
        take("a matrix [rows, n] and weights [samples]", 2, () -> isMatrix(0) && isColumn(1));
        yield floats(Shape.of(shape(0).dim(-1)));
      }
      case Op.BatchVariance _ -> {
        take(
            "a matrix [rows, n], its mean [n] and weights [samples]",
            3,
            () -> isMatrix(0) && isFeatures(1) && isColumn(2));
        yield floats(shape(1));
      }
      case Op.BatchNorm _ -> {
        take(
            "a matrix [rows, n], its mean [n] and variance [n], and weights [samples]",
            4,
            () -> isMatrix(0) && isFeatures(1) && isFeatures(2) && isColumn(3));
        yield floats(shape(0));
      }
      case Op.BatchNormGradient _ -> {
        take(
            "a matrix [rows, n], its mean [n] and variance [n], weights [samples] and dy",
            5,
            () -> isMatrix(0) && isFeatures(1) && isFeatures(2) && isColumn(3) && same(0, 4));
        yield floats(shape(0));
      }
      case Op.NormalizeFeatures _ -> {
        take(
            "a matrix [rows, n], mean [n] and variance [n]",
            3,
            () -> isMatrix(0) && isFeatures(1) && isFeatures(2));
        yield floats(shape(0));
      }
      case Op.WeightStatistic _ -> {
        take("a statistic [n] and weights [samples]", 2, () -> shape(1).rank() == 1);
        yield floats(shape(0));
      }
      case Op.Conv2d conv -> floats(convolution(conv));
      case Op.Conv2dInputGradient conv -> floats(convolutionInput(conv));
      case Op.Conv2dWeightGradient conv -> floats(convolutionWeight(conv));
      case Op.MaxPool2d(int window, int stride, int padding) ->
          floats(pooled(1, window, stride, padding));
      case Op.AveragePool2d(int window, int stride, int padding) ->
          floats(pooled(1, window, stride, padding));
      case Op.MaxPool2dGradient(int window, int stride, int padding) -> {
        Shape y = pooled(3, window, stride, padding);
        take(
            "images, the pooled images and their gradient",
            3,
            () -> y.equals(shape(1)) && same(1, 2));
        yield floats(shape(0));
      }
      case Op.AveragePool2dGradient(int window, int stride, int padding, int height, int width) -> {
        take(
            "the gradient of pooled images [rows, height, width, channels]",
            1,
            () ->
                shape(0).rank() == 4
                    && shape(0).dim(1) == windows(height, window, stride, padding)
                    && shape(0).dim(2) == windows(width, window, stride, padding));
        yield floats(Shape.of(shape(0).dim(0), height, width, shape(0).dim(3)));
      }
      case Op.Embedding _ -> {
        requireIds("ids INT32 and a table [count, n]", isFloat(1) && shape(1).rank() == 2);
        yield floats(append(shape(0), shape(1).dim(1)));
      }
      case Op.EmbeddingGradient(int count) -> {
        requireIds(
            "ids INT32 and the gradient of their rows",
            isFloat(1)
                && shape(1).rank() == shape(0).rank() + 1
                && append(shape(0), shape(1).dim(-1)).equals(shape(1)));
        yield floats(Shape.of(count, shape(1).dim(-1)));
      }
      case Op.EmbeddingRowsGradient(int count) -> {
        boolean fits = !inputs.isEmpty() && inputs.size() % 2 == 0;
        for (int i = 0; fits && i < inputs.size(); i += 2) {
          fits =
              inputs.get(i).type() == DataType.INT32
                  && isFloat(i + 1)
                  && shape(i + 1).rank() == shape(i).rank() + 1
                  && append(shape(i), shape(1).dim(-1)).equals(shape(i + 1));
        }
        if (!fits) {
          throw mismatch("ids INT32 and the gradient of their rows, for each lookup");
        }
        yield floats(Shape.of(count, shape(1).dim(-1)));
      }
      case Op.CausalAttention(int heads) -> {
        take(attended(heads), 1, () -> isAttended(heads));
        yield floats(Shape.of(shape(0).dim(0), shape(0).dim(1), shape(0).dim(2) / 3));
      }
      case Op.CausalAttentionGradient(int heads) -> {
        take(
            attended(heads) + " and the gradient of the result",
            2,
            () ->
                isAttended(heads)
                    && shape(1)
                        .equals(Shape.of(shape(0).dim(0), shape(0).dim(1), shape(0).dim(2) / 3)));
        yield floats(shape(0));
      }
      case Op.Reshape(List<Integer> dims) -> floats(reshaped(dims));
      case Op.Transpose(List<Integer> axes) -> floats(transposed(axes));
      case Op.Concat(int axis) -> floats(concatenated(axis));
      case Op.Slice(int axis, int from, int to) -> {
        boolean fits =
            inputs.size() == 1
                && isInnerAxis(axis)
                && 0 <= from
                && from < to
                && to <= shape(0).dim(axis);
        if (!fits || inputs.getFirst().type() == DataType.INT64) {
          throw mismatch("a tensor with [%d, %d) on axis %d".formatted(from, to, axis));
        }
        yield result(inputs.getFirst().type(), withDim(axis, to - from));
      }
      case Op.Pad(int axis, int before, int after) -> {
        take(
            "a tensor with an axis " + axis,
            1,
            () -> isInnerAxis(axis) && before >= 0 && after >= 0);
        yield floats(withDim(axis, before + shape(0).dim(axis) + after));
      }
      case Op.Reduce(Op.Reduction _, int axis) -> {
        take("a tensor with an axis " + axis, 1, () -> isInnerAxis(axis) && shape(0).dim(axis) > 0);
        yield floats(without(axis));
      }
      case Op.ReduceMaxGradient(int axis) -> {
        take(
            "a tensor with an axis " + axis + ", its maxima and their gradient",
            3,
            () -> isInnerAxis(axis) && without(axis).equals(shape(1)) && same(1, 2));
        yield floats(shape(0));
      }
      case Op.Repeat(int axis, int times) -> {
        take(
            "a tensor of at least " + axis + " dimensions",
            1,
            () -> axis >= 1 && axis <= shape(0).rank() && times >= 1);
        yield floats(repeated(axis, times));
      }
      case Op.SoftmaxCrossEntropy _ -> {
        classLoss(3);
        yield floats(SCALAR);
      }
      case Op.SoftmaxCrossEntropyGradient _ -> {
        classLoss(4);
        yield floats(shape(0));
      }
      case Op.BinaryCrossEntropy _ -> {
        loss(3, "logits [rows, 1]", isMatrix(0) && shape(0).dim(-1) == 1);
        yield floats(SCALAR);
      }
      case Op.BinaryCrossEntropyGradient _ -> {
        loss(4, "logits [rows, 1]", isMatrix(0) && shape(0).dim(-1) == 1);
        yield floats(shape(0));
      }
      case Op.MeanSquaredError _, Op.Huber _ -> {
        loss(3, "outputs [rows, n]", isMatrix(0));
        yield floats(SCALAR);
      }
      case Op.MeanSquaredErrorGradient _, Op.HuberGradient _ -> {
        loss(4, "outputs [rows, n]", isMatrix(0));
        yield floats(shape(0));
      }
      case Op.ArgMax _ -> {
        take("a matrix [rows, n] with n at least 1", 1, () -> isMatrix(0) && shape(0).dim(-1) >= 1);
        yield result(DataType.INT64, without(shape(0).rank() - 1));
      }
      case Op.Threshold _ -> {
        take("a matrix [rows, 1]", 1, () -> isMatrix(0) && shape(0).dim(-1) == 1);
        yield result(DataType.INT64, without(shape(0).rank() - 1));
      }
    };
  }

  private Shape matMulShape(Op.MatMul matMul) {
    String expected =
        "matrices "
            + (matMul.transposeLeft() ? "[k, m]" : "[m, k]")
            + " and "
            + (matMul.transposeRight() ? "[n, k]" : "[k, n]");
    take(expected, 2, () -> isMatrix(0) && isMatrix(1));
    boolean fits;
    if (matMul.transposeLeft()) {
      int inner = matMul.transposeRight() ? shape(1).dim(-1) : rows(1);
      fits = rows(0) == inner && (!matMul.transposeRight() || shape(1).rank() == 2);
    } else {
      int inner = shape(1).dim(matMul.transposeRight() ? 1 : 0);
      fits = shape(0).dim(-1) == inner && shape(1).rank() == 2;
    }
    int columns = matMul.transposeRight() ? shape(1).dim(0) : shape(1).dim(-1);
    if (!fits || columns == Shape.ANY) {
      throw mismatch(expected);
    }
    int[] dims = shape(0).dims();
    if (matMul.transposeLeft()) {
      return Shape.of(dims[dims.length - 1], columns);
    }
    dims[dims.length - 1] = columns;
    return Shape.of(dims);
  }

  private Shape convolution(Op.Conv2d conv) {
    take(
        "images [rows, height, width, in] and a weight [kernelHeight, kernelWidth, in/groups, out]"
            + groups(conv.groups()),
        2,
        () ->
            shape(0).rank() == 4
                && inputs.size() == 2
                && shape(1).rank() == 4
                && shape(0).dim(3) == shape(1).dim(2) * conv.groups()
                && divides(conv.groups(), shape(1).dim(3)));
    int height = windows(shape(0).dim(1), shape(1).dim(0), conv.stride(), conv.padding());
    int width = windows(shape(0).dim(2), shape(1).dim(1), conv.stride(), conv.padding());
    if (height < 1 || width < 1) {
      throw mismatch(
          "images at least as large as the kernel (stride=%d padding=%d)"
              .formatted(conv.stride(), conv.padding()));
    }
    return Shape.of(shape(0).dim(0), height, width, shape(1).dim(3));
  }

  private Shape convolutionInput(Op.Conv2dInputGradient conv) {
    take(
        "a weight and the gradient of images [rows, height, width, out] that it gave"
            + groups(conv.groups()),
        2,
        () ->
            shape(0).rank() == 4
                && inputs.size() == 2
                && shape(1).rank() == 4
                && shape(1).dim(3) == shape(0).dim(3)
                && divides(conv.groups(), shape(0).dim(3))
                && shape(1).dim(1)
                    == windows(conv.height(), shape(0).dim(0), conv.stride(), conv.padding())
                && shape(1).dim(2)
                    == windows(conv.width(), shape(0).dim(1), conv.stride(), conv.padding()));
    return Shape.of(shape(1).dim(0), conv.height(), conv.width(), shape(0).dim(2) * conv.groups());
  }

  private Shape convolutionWeight(Op.Conv2dWeightGradient conv) {
    take(
        "images [rows, height, width, in] and the gradient of the images that they gave"
            + groups(conv.groups()),
        2,
        () ->
            shape(0).rank() == 4
                && inputs.size() == 2
                && shape(1).rank() == 4
                && shape(0).dim(0) == shape(1).dim(0)
                && divides(conv.groups(), shape(0).dim(3))
                && divides(conv.groups(), shape(1).dim(3))
                && shape(1).dim(1)
                    == windows(shape(0).dim(1), conv.kernelHeight(), conv.stride(), conv.padding())
                && shape(1).dim(2)
                    == windows(shape(0).dim(2), conv.kernelWidth(), conv.stride(), conv.padding()));
    return Shape.of(
        conv.kernelHeight(), conv.kernelWidth(), shape(0).dim(3) / conv.groups(), shape(1).dim(3));
  }

  private static boolean divides(int groups, int channels) {
    return groups >= 1 && channels % groups == 0;
  }

  private static String groups(int groups) {
    return " (groups=" + groups + ")";
  }

  private Shape pooled(int count, int window, int stride, int padding) {
    String expected =
        "images [rows, height, width, channels] at least as large as the window (window="
            + (window + " stride=" + stride + " padding=" + padding + ")");
    take(
        expected,
        count,
        () -> shape(0).rank() == 4 && window >= 1 && stride >= 1 && 2 * padding <= window);
    int height = windows(shape(0).dim(1), window, stride, padding);
    int width = windows(shape(0).dim(2), window, stride, padding);
    if (height < 1 || width < 1) {
      throw mismatch(expected);
    }
    return Shape.of(shape(0).dim(0), height, width, shape(0).dim(3));
  }

  /** How many windows fit along an axis; 0 where none does. */
  private static int windows(int size, int window, int stride, int padding) {
    int room = size + 2 * padding - window;
    return room < 0 || stride < 1 || padding < 0 ? 0 : room / stride + 1;
  }

  private Shape reshaped(List<Integer> dims) {
    long elements = dims.stream().mapToLong(Integer::longValue).reduce(1, (a, b) -> a * b);
    take(
        "a tensor whose samples have " + elements + " elements, for " + dims,
        1,
        () ->
            shape(0).rank() >= 1
                && shape(0).withRows(1).elements() == elements
                && dims.stream().allMatch(dim -> dim >= 1));
    return Shape.of(
        IntStream.concat(IntStream.of(shape(0).dim(0)), dims.stream().mapToInt(Integer::intValue))
            .toArray());
  }

  private Shape transposed(List<Integer> axes) {
    boolean isPermutation =
        axes.stream().sorted().toList().equals(IntStream.range(0, axes.size()).boxed().toList());
    take(
        "a tensor of as many dimensions as " + axes + ", a permutation that begins with 0",
        1,
        () -> isPermutation && axes.getFirst() == 0 && shape(0).rank() == axes.size());
    return Shape.of(axes.stream().mapToInt(shape(0)::dim).toArray());
  }

  private Shape concatenated(int axis) {
    take(
        "two or more tensors that differ in axis " + axis + " alone",
        Math.max(2, inputs.size()),
        () ->
            isInnerAxis(axis)
                && IntStream.range(1, inputs.size())
                    .allMatch(
                        i ->
                            shape(i).rank() == shape(0).rank()
                                && dropped(i, axis).equals(dropped(0, axis))));
    return withDim(axis, IntStream.range(0, inputs.size()).map(i -> shape(i).dim(axis)).sum());
  }

  private Shape withDim(int axis, int dim) {
    int[] dims = shape(0).dims();
    dims[axis] = dim;
    return Shape.of(dims);
  }

  private Shape without(int axis) {
    return dropped(0, axis);
  }

  private Shape dropped(int input, int axis) {
    int[] dims = shape(input).dims();
    return Shape.of(
        IntStream.range(0, dims.length).filter(i -> i != axis).map(i -> dims[i]).toArray());
  }

  private Shape repeated(int axis, int times) {
    List<Integer> dims = new ArrayList<>();
    for (int dim : shape(0).dims()) {
      dims.add(dim);
    }
    dims.add(axis, times);
    return Shape.of(dims.stream().mapToInt(Integer::intValue).toArray());
  }

  private static Shape append(Shape shape, int dim) {
    int[] dims = Arrays.copyOf(shape.dims(), shape.rank() + 1);
    dims[shape.rank()] = dim;
    return Shape.of(dims);
  }

  private boolean isInnerAxis(int axis) {
    return axis >= 1 && axis < shape(0).rank();
  }

  private static String attended(int heads) {
    return "queries, keys and values [rows, length, 3 width] with width a multiple of "
        + heads
        + " heads";
  }

  private boolean isAttended(int heads) {
    return heads >= 1 && shape(0).rank() == 3 && shape(0).dim(2) % (3 * heads) == 0;
  }

  private boolean isOrdered(Op.Fused fused) {
    for (int i = 0; i < fused.steps().size(); i++) {
      int known = inputs.size() + i;
      Op.Fused.Step step = fused.steps().get(i);
      if (step.operands().size() != step.op().operands()
          || step.operands().stream().anyMatch(operand -> operand < 0 || operand >= known)) {
        return false;
      }
    }
    return !fused.steps().isEmpty();
  }

  private void requireIds(String expected, boolean fits) {
    if (inputs.size() != 2 || inputs.getFirst().type() != DataType.INT32 || !fits) {
      throw mismatch(expected);
    }
  }

  /** Labels are class numbers, one for each position of the logits. */
  private void classLoss(int count) {
    boolean fits =
        inputs.size() == count
            && isFloat(0)
            && isMatrix(0)
            && shape(0).dim(-1) >= 2
            && inputs.get(1).type() == DataType.INT32
            && shape(1).equals(without(shape(0).rank() - 1))
            && isColumn(2)
            && isFloat(2)
            && (count == 3 || isScalar(3));
    if (!fits) {
      throw mismatch(
          "logits [rows, ..., classes >= 2], labels [rows, ...] INT32 and weights [rows]");
    }
  }

  private void loss(int count, String outputs, boolean outputsFit) {
    boolean fits =
        inputs.size() == count
            && outputsFit
            && IntStream.range(0, 3).allMatch(this::isFloat)
            && (same(0, 1) || (isColumn(1) && shape(0).rank() == 2 && shape(0).dim(1) == 1))
            && isColumn(2)
            && (count == 3 || isScalar(3));
    if (!fits) {
      throw mismatch(outputs + ", labels of the same number and weights [rows]");
    }
  }

  /** All inputs float32, {@code count} of them, and of the shapes asked for. */
  private void take(String expected, int count, BooleanSupplier shapesFit) {
    boolean floats = inputs.stream().allMatch(input -> input.type() == DataType.FLOAT32);
    if (inputs.size() != count || !floats || !shapesFit.getAsBoolean()) {
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
    return input < inputs.size() && inputs.get(input).type() == DataType.FLOAT32;
  }

  private boolean isScalar(int input) {
    return isFloat(input) && shape(input).rank() == 0;
  }

  /** Whether an input can be seen as rows of its last dimension. */
  private boolean isMatrix(int input) {
    return input < inputs.size() && shape(input).rank() >= 2;
  }

  /** The rows of an input seen as a matrix; open where its leading dimension is. */
  private int rows(int input) {
    int[] dims = shape(input).dims();
    if (dims[0] == Shape.ANY) {
      return Shape.ANY;
    }
    return IntStream.range(0, dims.length - 1).map(i -> dims[i]).reduce(1, (a, b) -> a * b);
  }

  /** Whether the shape of a vector is that of the last dimensions of another input. */
  private boolean isSuffix(int vector, int of) {
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
  private boolean isFeatures(int input) {
    return input < inputs.size() && shape(input).equals(Shape.of(shape(0).dim(-1)));
  }

  /** Whether an input has one element for each sample of the first. */
  private boolean isColumn(int input) {
    return input < inputs.size()
        && shape(input).rank() == 1
        && shape(input).dim(0) == shape(0).dim(0);
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
