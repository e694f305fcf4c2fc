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
    return isLabels(operand) && op.name().startsWith("softmax") ? DataType.INT32 : DataType.FLOAT32;
  }

  /** Numbers for an operand: away from the kink of Relu; labels within the classes. */
  public double[] numbers(int operand, SplittableRandom random) {
    double[] numbers = new double[Math.toIntExact(operands.get(operand).elements())];
    int classes = type(1) == DataType.INT32 ? operands.getFirst().dim(1) : 2;
    for (int i = 0; i < numbers.length; i++) {
      double away = (float) (random.nextDouble() * 1.5 + 0.2);
      numbers[i] =
          isLabels(operand) ? random.nextInt(classes) : random.nextBoolean() ? away : -away;
    }
    return numbers;
  }

  @Override
  public String toString() {
    return op + " " + operands;
  }
}
