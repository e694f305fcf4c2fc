package io.tidemill.program;

import java.util.List;

/**
 * What an instruction does: a closed choice, one record per operation, attributes as components.
 *
 * <p>{@code x}, {@code y}, {@code dy} name an input, the forward result and the gradient of the
 * loss with respect to it. Tensors are float32 and row-major; images are [rows, height, width,
 * channels], sequences [rows, length, width]. "A matrix [rows, n]" means any tensor of rank 2 or
 * more, seen as rows of its last dimension n. The leading dimension is that of the samples. An
 * operation has one result; {@link TypeInference} says which shapes it takes, {@link
 * Differentiation} what its gradient is, {@link Cost} what it costs. A device refuses what it does
 * not know.
 */
public sealed interface Op {

  /** The name in {@code program.json} and in error sentences, for example {@code matMul}. */
  default String name() {
    return nameOf(getClass());
  }

  /** Name and attributes for people: {@code conv2d[stride=1, padding=0, groups=1]}. */
  default String describe() {
    return toString().replace(getClass().getSimpleName(), name()).replace("[]", "");
  }

  /** The name of the operation that {@code type} is the record of. */
  static String nameOf(Class<?> type) {
    String simple = type.getSimpleName();
    return Character.toLowerCase(simple.charAt(0)) + simple.substring(1);
  }

  /**
   * Element i of the result depends on element i of each operand alone, and all have one shape: so
   * a chain of them can be computed tile by tile ({@link Fused}).
   */
  sealed interface Elementwise extends Op {
    /** How many tensors it reads. */
    default int operands() {
      return 1;
    }
  }

  /** An {@link Elementwise} of two tensors. */
  sealed interface Pairwise extends Elementwise {
    @Override
    default int operands() {
      return 2;
    }
  }

  // Products of matrices.

  /** Product of two matrices, each transposed first where asked: (left, right). */
  record MatMul(boolean transposeLeft, boolean transposeRight) implements Op {}

  // A vector against each row. Its shape is that of the last dimensions of x: [n], or [length, n].

  /** Adds a vector to each row: (x, bias). */
  record AddBias() implements Op {}

  /** {@link AddBias} and {@link Relu} in one pass; made by {@link Fusion}. */
  record AddBiasRelu() implements Op {}

  /** Multiplies each row by a vector: (x, factors). */
  record ScaleFeatures() implements Op {}

  /**
   * (x - mean) * inverseStd for each feature: (x, mean, inverseStd). The two vectors are adapted
   * from data and not trained.
   */
  record Standardize() implements Op {}

  /** Sum over the rows, in row order, each row being the last {@code axes} dimensions. */
  record SumRows(int axes) implements Op {}

  /** A vector repeated for each row: (vector, like); only the shape of like counts. */
  record BroadcastRows() implements Op {}

  // Element by element.

  /** The larger of x and 0; NaN stays NaN. */
  record Relu() implements Elementwise {}

  /** dy where y is above 0, else 0: (y, dy). */
  record ReluGradient() implements Pairwise {}

  /** 1 / (1 + exp(-x)). */
  record Sigmoid() implements Elementwise {}

  /** dy y (1 - y): (y, dy). */
  record SigmoidGradient() implements Pairwise {}

  /** Hyperbolic tangent. */
  record Tanh() implements Elementwise {}

  /** dy (1 - y²): (y, dy). */
  record TanhGradient() implements Pairwise {}

  /** x Φ(x), Φ the normal distribution function (by erf). Hendrycks, Gimpel 2016. */
  record Gelu() implements Elementwise {}

  /** dy (Φ(x) + x φ(x)): (x, dy). */
  record GeluGradient() implements Pairwise {}

  /** x / (1 + exp(-x)). Elfwing, Uchibe, Doya 2017. */
  record Silu() implements Elementwise {}

  /** Gradient of {@link Silu}: (x, dy). */
  record SiluGradient() implements Pairwise {}

  /**
   * sign(x) log(1 + |x|), the logarithm of counts and amounts: log1p from 0 up, and odd, so that no
   * number is refused. NaN stays NaN, an infinity itself.
   */
  record SignedLog1p() implements Elementwise {}

  /** dy / (1 + |x|): (x, dy). */
  record SignedLog1pGradient() implements Pairwise {}

  /** Sum of two tensors of one shape. */
  record Add() implements Pairwise {}

  /** Product of two tensors of one shape, element by element. */
  record Mul() implements Pairwise {}

  /** factor * x. */
  record Scale(float factor) implements Elementwise {}

  /** Several elementwise operations in one pass; made by {@link Fusion}. */
  record Fused(List<Step> steps) implements Op {
    public Fused {
      steps = List.copyOf(steps);
    }

    @Override
    public String describe() {
      return "fused" + steps.stream().map(step -> step.op().describe()).toList();
    }

    /**
     * One of the operations.
     *
     * @param operands what it reads: input i of the instruction, or, from the number of inputs on,
     *     the result of an earlier step
     */
    public record Step(Elementwise op, List<Integer> operands) {
      public Step {
        operands = List.copyOf(operands);
      }
    }
  }

  /**
   * Each element 0 with probability {@code rate}, else x / (1 - rate): (x, key [3] int64). A pure
   * function of key (seed, step, shard), {@code stream} and the element's index, so the same
   * operation with the same key applied to dy is its gradient. Srivastava and others 2014.
   *
   * @param rate from 0 to below 1, in steps of 1/65536
   * @param stream another for each dropout of a program
   */
  record Dropout(float rate, long stream) implements Op {}

  // Normalisation.

  /** exp(x - max) / sum over each row. */
  record Softmax() implements Op {}

  /** y (dy - sum(dy y)) over each row: (y, dy). */
  record SoftmaxGradient() implements Op {}

  /**
   * (x - mean) / sqrt(variance + epsilon) over each row, without affine parameters.
   *
   * <p>Sums are taken in double, so a constant row gives exactly 0 and a tiny epsilon is safe: the
   * result then does not depend on the scale of x. Ba, Kiros, Hinton 2016, section 3.
   */
  record LayerNorm(float epsilon) implements Op {}

  /** Gradient of {@link LayerNorm}: (x, dy). */
  record LayerNormGradient(float epsilon) implements Op {}

  /** x / sqrt(mean of x² + epsilon) over each row. Zhang, Sennrich 2019. */
  record RmsNorm(float epsilon) implements Op {}

  /** Gradient of {@link RmsNorm}: (x, dy). */
  record RmsNormGradient(float epsilon) implements Op {}

  /**
   * Mean of each feature over the rows of all samples, a sample counting by its weight: (x [rows,
   * ..., n], weights [rows]) to [n]. 0 where all weights are 0.
   */
  record BatchMean() implements Op {}

  /** Variance of each feature, likewise: (x, mean [n], weights) to [n]. Of the population. */
  record BatchVariance() implements Op {}

  /**
   * (x - mean) / sqrt(variance + epsilon) for each feature: (x, mean [n], variance [n], weights),
   * mean and variance being those of x, through which its gradient goes too. Ioffe, Szegedy 2015.
   */
  record BatchNorm(float epsilon) implements Op {}

  /** Gradient of {@link BatchNorm}: (x, mean, variance, weights, dy). */
  record BatchNormGradient(float epsilon) implements Op {}

  /** As {@link BatchNorm} by given statistics: (x, mean [n], variance [n]). */
  record NormalizeFeatures(float epsilon) implements Op {}

  /**
   * A statistic of a shard's samples times the sum of their weights: (statistic, weights). Summed
   * over the shards it is the statistic of the batch.
   */
  record WeightStatistic() implements Op {}

  // Images.

  /**
   * Cross-correlation: (x [rows, height, width, in], weight [kernelHeight, kernelWidth, in/groups,
   * out]). The same stride and padding of zeros along both axes.
   */
  record Conv2d(int stride, int padding, int groups) implements Op {}

  /** Gradient of {@link Conv2d} for x: (weight, dy). */
  record Conv2dInputGradient(int stride, int padding, int groups, int height, int width)
      implements Op {}

  /** Gradient of {@link Conv2d} for the weight: (x, dy). */
  record Conv2dWeightGradient(
      int stride, int padding, int groups, int kernelHeight, int kernelWidth) implements Op {}

  /** Largest of each window; padding is less than any number, NaN is passed on. */
  record MaxPool2d(int window, int stride, int padding) implements Op {}

  /**
   * Gradient of {@link MaxPool2d}: (x, y, dy). All of it goes to the first largest of a window, in
   * row order.
   */
  record MaxPool2dGradient(int window, int stride, int padding) implements Op {}

  /** Mean of each window, padding counting as zeros. */
  record AveragePool2d(int window, int stride, int padding) implements Op {}

  /** Gradient of {@link AveragePool2d}: (dy). */
  record AveragePool2dGradient(int window, int stride, int padding, int height, int width)
      implements Op {}

  // Sequences and ids.

  /** Rows of a table: (ids [...] int32, table [count, n]) to [..., n]. */
  record Embedding() implements Op {}

  /** Gradient of {@link Embedding} for a table of {@code count} rows, in row order: (ids, dy). */
  record EmbeddingGradient(int count) implements Op {}

  /**
   * Gradient of all lookups in one table of {@code count} rows: (ids, dy), and again (ids, dy) for
   * each further lookup. Added up lookup by lookup, in row order; rows that no id names are not
   * written. So no operation may read it: it is the gradient of a parameter that is trained by row.
   */
  record EmbeddingRowsGradient(int count) implements Op {}

  /**
   * Scaled dot-product attention, each position to itself and those before: (qkv [rows, length, 3
   * width]) to [rows, length, width]. The last dimension holds queries, keys, values, each as heads
   * of width/heads. Vaswani and others 2017, section 3.2.
   */
  record CausalAttention(int heads) implements Op {}

  /** Gradient of {@link CausalAttention}: (qkv, dy). */
  record CausalAttentionGradient(int heads) implements Op {}

  // Shapes. Axis 0 is that of the samples and is never cut or joined.

  /** The same elements with {@code dims} behind the leading dimension. */
  record Reshape(List<Integer> dims) implements Op {
    public Reshape {
      dims = List.copyOf(dims);
    }
  }

  /** Dimension i of the result is dimension {@code axes[i]} of x; axis 0 stays. */
  record Transpose(List<Integer> axes) implements Op {
    public Transpose {
      axes = List.copyOf(axes);
    }
  }

  /** Tensors one after the other along an axis: two or more that differ in that axis alone. */
  record Concat(int axis) implements Op {}

  /** The part [from, to) along an axis; float32 or int32. */
  record Slice(int axis, int from, int to) implements Op {}

  /** Zeros before and after x along an axis; the gradient of {@link Slice}. */
  record Pad(int axis, int before, int after) implements Op {}

  /** How {@link Reduce} joins the elements along an axis. */
  enum Reduction {
    SUM,
    MEAN,
    MAX
  }

  /** Joins the elements along an axis, which is gone from the result; in the order of the axis. */
  record Reduce(Reduction reduction, int axis) implements Op {}

  /** Gradient of {@link Reduce} by MAX, for the first largest: (x, y, dy). */
  record ReduceMaxGradient(int axis) implements Op {}

  /** x repeated along a new axis. */
  record Repeat(int axis, int times) implements Op {}

  // Losses. A sample's weight is shared evenly by its positions.

  /**
   * Sum of weight * (log(sum(exp(x))) - x[label]): (x [rows, ..., classes], labels [rows, ...]
   * int32, weights [rows]), to a scalar. A label outside [0, classes) gives NaN; rows of weight 0
   * count nothing, whatever they hold.
   */
  record SoftmaxCrossEntropy() implements Op {}

  /** Gradient of {@link SoftmaxCrossEntropy} for x: (x, labels, weights, d loss []). */
  record SoftmaxCrossEntropyGradient() implements Op {}

  /**
   * Sum over rows of weight * (max(x, 0) - x label + log(1 + exp(-|x|))): (x [rows, 1], labels
   * [rows] float32, weights [rows]), to a scalar. Rows of weight 0 count nothing, whatever they
   * hold.
   */
  record BinaryCrossEntropy() implements Op {}

  /** Gradient of {@link BinaryCrossEntropy} for x: (x, labels, weights, d loss []). */
  record BinaryCrossEntropyGradient() implements Op {}

  /**
   * Sum over rows of weight * mean((x - label)²): (x [rows, n], labels [rows, n], or [rows] for n =
   * 1, float32, weights [rows]), to a scalar. Rows of weight 0 count nothing.
   */
  record MeanSquaredError() implements Op {}

  /** Gradient of {@link MeanSquaredError} for x: (x, labels, weights, d loss []). */
  record MeanSquaredErrorGradient() implements Op {}

  /**
   * As {@link MeanSquaredError}, of d²/2 where |d| is at most delta, else delta (|d| - delta/2).
   * Huber 1964.
   */
  record Huber(float delta) implements Op {}

  /** Gradient of {@link Huber} for x: (x, labels, weights, d loss []). */
  record HuberGradient(float delta) implements Op {}

  // Answers.

  /** Index of the first largest element of each row: [rows, n] to [rows] int64. */
  record ArgMax() implements Op {}

  /** 1 where x is at least {@code at}, else 0: [rows, 1] to [rows] int64. */
  record Threshold(float at) implements Op {}
}
