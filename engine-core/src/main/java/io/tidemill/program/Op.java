package io.tidemill.program;

/**
 * What an instruction does: a closed choice, one record per operation, attributes as components.
 *
 * <p>{@code x}, {@code y}, {@code dy} name an input, the forward result and the gradient of the
 * loss with respect to it. Matrices are [rows, n], float32, row-major. An operation has one result;
 * {@link TypeInference} says which shapes it takes, {@link Differentiation} what its gradient is,
 * {@link Cost} what it costs. A device refuses what it does not know.
 */
public sealed interface Op {

  /** The name in {@code program.json} and in error sentences, for example {@code matMul}. */
  default String name() {
    return nameOf(getClass());
  }

  /** The name of the operation that {@code type} is the record of. */
  static String nameOf(Class<?> type) {
    String simple = type.getSimpleName();
    return Character.toLowerCase(simple.charAt(0)) + simple.substring(1);
  }

  /** Product of two matrices, each transposed first where asked: (left, right). */
  record MatMul(boolean transposeLeft, boolean transposeRight) implements Op {}

  /** Adds a vector to each row: (x [rows, n], bias [n]). */
  record AddBias() implements Op {}

  /** {@link AddBias} and {@link Relu} in one pass; made by {@link Fusion}. */
  record AddBiasRelu() implements Op {}

  /** The larger of x and 0; NaN stays NaN. */
  record Relu() implements Op {}

  /** dy where y is above 0, else 0: (y, dy). */
  record ReluGradient() implements Op {}

  /** 1 / (1 + exp(-x)). */
  record Sigmoid() implements Op {}

  /** dy y (1 - y): (y, dy). */
  record SigmoidGradient() implements Op {}

  /**
   * sign(x) log(1 + |x|), the logarithm of counts and amounts: log1p from 0 up, and odd, so that no
   * number is refused. NaN stays NaN, an infinity itself.
   */
  record SignedLog1p() implements Op {}

  /** dy / (1 + |x|): (x, dy). */
  record SignedLog1pGradient() implements Op {}

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

  /**
   * (x - mean) * inverseStd for each feature: (x [rows, n], mean [n], inverseStd [n]). The two
   * vectors are adapted from data and not trained.
   */
  record Standardize() implements Op {}

  /** Multiplies each row by a vector: (x [rows, n], factors [n]). */
  record ScaleFeatures() implements Op {}

  /** Element by element sum of two tensors of one shape. */
  record Add() implements Op {}

  /** Element by element product of two tensors of one shape. */
  record Mul() implements Op {}

  /** factor * x. */
  record Scale(float factor) implements Op {}

  /** Sum over the rows, in row order: [rows, n] to [n]. */
  record SumRows() implements Op {}

  /**
   * A vector repeated for each row: (vector [n], like [rows, n]); only the shape of like counts.
   */
  record BroadcastRows() implements Op {}

  /**
   * Sum over rows of weight * (log(sum(exp(x))) - x[label]): (x [rows, classes], labels [rows]
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

  /** Index of the first largest element of each row: [rows, n] to [rows] int64. */
  record ArgMax() implements Op {}

  /** 1 where x is at least {@code at}, else 0: [rows, 1] to [rows] int64. */
  record Threshold(float at) implements Op {}
}
