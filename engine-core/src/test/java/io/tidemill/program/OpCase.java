package io.tidemill.program;

import io.tidemill.tensor.DataType;
import io.tidemill.tensor.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * One operation with operands of given shapes: every operation of {@link Op} has at least one.
 *
 * @param operands shapes in order
 * @param trainable how many of the first operands a gradient is wanted for; 0 where there is none
 */
public record OpCase(Op op, List<Shape> operands, int trainable) {

  /** All operations on matrices [rows, n]; losses over classes need n of 2 at least. */
  public static List<OpCase> all(int rows, int n) {
    Shape matrix = Shape.of(rows, n);
    Shape vector = Shape.of(n);
    Shape column = Shape.of(rows);
    Shape scalar = Shape.of();
    int k = n + 3;
    List<OpCase> cases = new ArrayList<>();
    cases.add(of(new Op.MatMul(false, false), 2, Shape.of(rows, k), Shape.of(k, n)));
    cases.add(of(new Op.MatMul(false, true), 2, Shape.of(rows, k), Shape.of(n, k)));
    cases.add(of(new Op.MatMul(true, false), 2, Shape.of(k, rows), Shape.of(k, n)));
    cases.add(of(new Op.MatMul(true, true), 2, Shape.of(k, rows), Shape.of(n, k)));
    cases.add(of(new Op.AddBias(), 2, matrix, vector));
    cases.add(of(new Op.AddBiasRelu(), 2, matrix, vector));
    cases.add(of(new Op.Relu(), 1, matrix));
    cases.add(of(new Op.ReluGradient(), 0, matrix, matrix));
    cases.add(of(new Op.Sigmoid(), 1, matrix));
    cases.add(of(new Op.SigmoidGradient(), 0, matrix, matrix));
    cases.add(of(new Op.SignedLog1p(), 1, matrix));
    cases.add(of(new Op.SignedLog1pGradient(), 0, matrix, matrix));
    cases.add(of(new Op.Softmax(), 1, matrix));
    cases.add(of(new Op.SoftmaxGradient(), 0, matrix, matrix));
    cases.add(of(new Op.LayerNorm(1e-3f), 1, matrix));
    cases.add(of(new Op.LayerNormGradient(1e-3f), 0, matrix, matrix));
    cases.add(of(new Op.Standardize(), 1, matrix, vector, vector));
    cases.add(of(new Op.ScaleFeatures(), 2, matrix, vector));
    cases.add(of(new Op.Add(), 2, matrix, matrix));
    cases.add(of(new Op.Mul(), 2, matrix, matrix));
    cases.add(of(new Op.Scale(-1.5f), 1, matrix));
    cases.add(of(new Op.SumRows(1), 1, matrix));
    cases.add(of(new Op.BroadcastRows(), 1, vector, matrix));
    cases.add(of(new Op.ArgMax(), 0, matrix));
    cases.add(of(new Op.Threshold(0.25f), 0, Shape.of(rows, 1)));
    cases.add(of(new Op.BinaryCrossEntropy(), 1, Shape.of(rows, 1), column, column));
    cases.add(
        of(new Op.BinaryCrossEntropyGradient(), 0, Shape.of(rows, 1), column, column, scalar));
    if (n >= 2) {
      cases.add(of(new Op.SoftmaxCrossEntropy(), 1, matrix, column, column));
      cases.add(of(new Op.SoftmaxCrossEntropyGradient(), 0, matrix, column, column, scalar));
    }
    return cases;
  }

  /**
   * Operations on sequences [samples, length, n], and norms, losses and the rest of what is done
   * element by element.
   */
  public static List<OpCase> sequences(int samples, int length, int n) {
    Shape x = Shape.of(samples, length, n);
    Shape vector = Shape.of(n);
    Shape column = Shape.of(samples);
    Shape scalar = Shape.of();
    List<OpCase> cases = new ArrayList<>();
    activations(cases, x);
    for (Shape row : List.of(vector, Shape.of(length, n))) {
      cases.add(of(new Op.AddBias(), 2, x, row));
      cases.add(of(new Op.ScaleFeatures(), 2, x, row));
      cases.add(of(new Op.SumRows(row.rank()), 1, x));
      cases.add(of(new Op.BroadcastRows(), 1, row, x));
    }
    cases.add(of(new Op.Softmax(), 1, x));
    cases.add(of(new Op.LayerNorm(1e-3f), 1, x));
    cases.add(of(new Op.RmsNorm(1e-3f), 1, x));
    cases.add(of(new Op.RmsNormGradient(1e-3f), 0, x, x));
    cases.add(of(new Op.BatchMean(), 0, x, column));
    cases.add(of(new Op.BatchVariance(), 0, x, vector, column));
    cases.add(of(new Op.BatchNorm(1e-3f), 0, x, vector, vector, column));
    cases.add(of(new Op.BatchNormGradient(1e-3f), 0, x, vector, vector, column, x));
    cases.add(of(new Op.NormalizeFeatures(1e-3f), 0, x, vector, vector));
    cases.add(of(new Op.WeightStatistic(), 0, vector, column));
    cases.add(of(new Op.Dropout(0.25f, 5), 1, x, Shape.of(3)));
    cases.add(of(new Op.Embedding(), 2, Shape.of(samples, length), Shape.of(5, n)));
    cases.add(of(new Op.EmbeddingGradient(5), 0, Shape.of(samples, length), x));
    cases.add(of(new Op.EmbeddingRowsGradient(5), 0, Shape.of(samples, length), x));
    cases.add(
        of(
            new Op.EmbeddingRowsGradient(5),
            0,
            Shape.of(samples, length),
            x,
            column,
            Shape.of(samples, n)));
    Shape qkv = Shape.of(samples, length, 6 * n);
    cases.add(of(new Op.CausalAttention(2), 1, qkv));
    cases.add(of(new Op.CausalAttentionGradient(2), 0, qkv, Shape.of(samples, length, 2 * n)));
    if (n >= 2) {
      Shape labels = Shape.of(samples, length);
      cases.add(of(new Op.SoftmaxCrossEntropy(), 1, x, labels, column));
      cases.add(of(new Op.SoftmaxCrossEntropyGradient(), 0, x, labels, column, scalar));
    }
    regressions(cases, Shape.of(samples, n), Shape.of(samples, n));
    regressions(cases, Shape.of(samples, 1), column);
    moves(cases, x);
    return cases;
  }

  private static void activations(List<OpCase> cases, Shape x) {
    cases.add(of(new Op.Tanh(), 1, x));
    cases.add(of(new Op.TanhGradient(), 0, x, x));
    cases.add(of(new Op.Gelu(), 1, x));
    cases.add(of(new Op.GeluGradient(), 0, x, x));
    cases.add(of(new Op.Silu(), 1, x));
    cases.add(of(new Op.SiluGradient(), 0, x, x));
    Op.Fused fused =
        new Op.Fused(
            List.of(
                new Op.Fused.Step(new Op.Scale(-1.5f), List.of(0)),
                new Op.Fused.Step(new Op.Add(), List.of(2, 1)),
                new Op.Fused.Step(new Op.Tanh(), List.of(3)),
                new Op.Fused.Step(new Op.Mul(), List.of(4, 2))));
    cases.add(of(fused, 0, x, x));
  }

  private static void regressions(List<OpCase> cases, Shape x, Shape labels) {
    Shape weights = Shape.of(x.dim(0));
    Shape scalar = Shape.of();
    cases.add(of(new Op.MeanSquaredError(), 1, x, labels, weights));
    cases.add(of(new Op.MeanSquaredErrorGradient(), 0, x, labels, weights, scalar));
    cases.add(of(new Op.Huber(0.75f), 1, x, labels, weights));
    cases.add(of(new Op.HuberGradient(0.75f), 0, x, labels, weights, scalar));
  }

  private static void moves(List<OpCase> cases, Shape x) {
    int length = x.dim(1);
    int n = x.dim(2);
    Shape wide = Shape.of(x.dim(0), length, 2, n);
    cases.add(of(new Op.Reshape(List.of(length * n)), 1, x));
    cases.add(of(new Op.Transpose(List.of(0, 2, 1)), 1, x));
    cases.add(of(new Op.Transpose(List.of(0, 2, 1, 3)), 1, wide));
    cases.add(of(new Op.Transpose(List.of(0, 3, 1, 2)), 1, wide));
    cases.add(of(new Op.Transpose(List.of(0, 3, 2, 1)), 1, wide));
    cases.add(of(new Op.Transpose(List.of(0, 1, 2)), 1, x));
    cases.add(of(new Op.Concat(1), 2, x, Shape.of(x.dim(0), 2, n)));
    cases.add(of(new Op.Concat(2), 3, x, x, Shape.of(x.dim(0), length, 3)));
    for (int axis = 1; axis <= 2; axis++) {
      cases.add(of(new Op.Slice(axis, 0, 1), 1, x));
      cases.add(of(new Op.Slice(axis, x.dim(axis) / 2, x.dim(axis)), 1, x));
      cases.add(of(new Op.Pad(axis, 2, 1), 1, x));
      cases.add(of(new Op.Reduce(Op.Reduction.SUM, axis), 1, x));
      cases.add(of(new Op.Reduce(Op.Reduction.MEAN, axis), 1, x));
      cases.add(of(new Op.Reduce(Op.Reduction.MAX, axis), 1, x));
      Shape rest = Shape.of(x.dim(0), x.dim(3 - axis));
      cases.add(of(new Op.ReduceMaxGradient(axis), 0, x, rest, rest));
    }
    cases.add(of(new Op.Repeat(1, 3), 1, x));
    cases.add(of(new Op.Repeat(3, 2), 1, x));
  }

  /**
   * Operations on images, with kernels, strides, paddings and groups that fit them.
   *
   * @param height at least 5, as {@code width}
   */
  public static List<OpCase> images(int rows, int height, int width, int channels) {
    Shape x = Shape.of(rows, height, width, channels);
    List<OpCase> cases = new ArrayList<>();
    convolutions(cases, x, 1, 1, 7, 1, 0, 1);
    convolutions(cases, x, 3, 3, 16, 1, 0, 1);
    convolutions(cases, x, 3, 3, 1, 1, 1, 1);
    convolutions(cases, x, 2, 3, 5, 2, 1, 1);
    convolutions(cases, x, 5, 5, 32, 3, 2, 1);
    convolutions(cases, x, 1, 2, 3, 2, 3, 1);
    if (channels > 1) {
      int each = 3 * channels;
      convolutions(cases, x, 3, 3, channels, 1, 1, channels);
      convolutions(cases, x, 3, 2, each, 2, 1, channels);
    }
    if (channels % 2 == 0) {
      convolutions(cases, x, 3, 3, 10, 1, 1, 2);
    }
    pools(cases, x, 2, 2, 0);
    pools(cases, x, 3, 2, 1);
    pools(cases, x, 3, 1, 0);
    pools(cases, x, 2, 3, 1);
    return cases;
  }

  private static void convolutions(
      List<OpCase> cases,
      Shape x,
      int kernelHeight,
      int kernelWidth,
      int out,
      int stride,
      int padding,
      int groups) {
    Shape weight = Shape.of(kernelHeight, kernelWidth, x.dim(3) / groups, out);
    Shape y =
        Shape.of(
            x.dim(0),
            (x.dim(1) + 2 * padding - kernelHeight) / stride + 1,
            (x.dim(2) + 2 * padding - kernelWidth) / stride + 1,
            out);
    cases.add(of(new Op.Conv2d(stride, padding, groups), 2, x, weight));
    cases.add(
        of(new Op.Conv2dInputGradient(stride, padding, groups, x.dim(1), x.dim(2)), 0, weight, y));
    cases.add(
        of(
            new Op.Conv2dWeightGradient(stride, padding, groups, kernelHeight, kernelWidth),
            0,
            x,
            y));
  }

  private static void pools(List<OpCase> cases, Shape x, int window, int stride, int padding) {
    Shape y =
        Shape.of(
            x.dim(0),
            (x.dim(1) + 2 * padding - window) / stride + 1,
            (x.dim(2) + 2 * padding - window) / stride + 1,
            x.dim(3));
    cases.add(of(new Op.MaxPool2d(window, stride, padding), 1, x));
    cases.add(of(new Op.AveragePool2d(window, stride, padding), 1, x));
    cases.add(of(new Op.AveragePool2dGradient(window, stride, padding, x.dim(1), x.dim(2)), 0, y));
  }

  private static OpCase of(Op op, int trainable, Shape... operands) {
    return new OpCase(op, List.of(operands), trainable);
  }

  public boolean isLabels(int operand) {
    return operand == 1 && op.name().contains("CrossEntropy");
  }

  public DataType type(int operand) {
    return switch (op) {
      case Op.SoftmaxCrossEntropy _, Op.SoftmaxCrossEntropyGradient _ when operand == 1 ->
          DataType.INT32;
      case Op.Embedding _, Op.EmbeddingGradient _ when operand == 0 -> DataType.INT32;
      case Op.EmbeddingRowsGradient _ when operand % 2 == 0 -> DataType.INT32;
      case Op.Dropout _ when operand == 1 -> DataType.INT64;
      default -> DataType.FLOAT32;
    };
  }

  /** Whether a gradient is wanted for an operand: not for ids. */
  public boolean isTrainable(int operand) {
    return operand < trainable && type(operand) == DataType.FLOAT32;
  }

  /** Variances, and the weights of statistics, where none would cancel the others. */
  private boolean isPositive(int operand) {
    return switch (op) {
      case Op.BatchMean _, Op.WeightStatistic _ -> operand == 1;
      case Op.BatchVariance _, Op.NormalizeFeatures _ -> operand == 2;
      case Op.BatchNorm _, Op.BatchNormGradient _ -> operand == 2 || operand == 3;
      default -> false;
    };
  }

  /** Numbers for an operand: away from the kink of Relu; labels within the classes. */
  public double[] numbers(int operand, SplittableRandom random) {
    double[] numbers = new double[Math.toIntExact(operands.get(operand).elements())];
    for (int i = 0; i < numbers.length; i++) {
      double away = (float) (random.nextDouble() * 1.5 + 0.2);
      boolean positive = isPositive(operand) || random.nextBoolean();
      numbers[i] =
          isLabels(operand) || type(operand) != DataType.FLOAT32
              ? random.nextInt(choices())
              : positive ? away : -away;
    }
    return numbers;
  }

  /** How many classes or ids there are. */
  private int choices() {
    return switch (op) {
      case Op.SoftmaxCrossEntropy _, Op.SoftmaxCrossEntropyGradient _ ->
          operands.getFirst().dim(-1);
      case Op.Embedding _, Op.EmbeddingGradient _, Op.EmbeddingRowsGradient _ -> 5;
      default -> 2;
    };
  }

  @Override
  public String toString() {
    return op + " " + operands;
  }
}
