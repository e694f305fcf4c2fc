package io.tidemill.program;

import io.tidemill.tensor.Shape;
import java.util.Arrays;

/**
 * Convolution and pooling in double by the plainest loops; images [rows, height, width, channels].
 */
final class ImageOracle {
  private ImageOracle() {}

  /** One multiplication of a convolution: the elements of x, of the weight and of the result. */
  private interface Tap {
    void meets(int x, int weight, int y);
  }

  static double[] convolution(Op.Conv2d op, Shape x, Shape weight, Shape y, double[][] in) {
    double[] out = new double[Math.toIntExact(y.elements())];
    taps(x, weight, y, op.stride(), op.padding(), (i, j, k) -> out[k] += in[0][i] * in[1][j]);
    return out;
  }

  static double[] inputGradient(
      Op.Conv2dInputGradient op, Shape x, Shape weight, Shape y, double[][] in) {
    double[] out = new double[Math.toIntExact(x.elements())];
    taps(x, weight, y, op.stride(), op.padding(), (i, j, k) -> out[i] += in[0][j] * in[1][k]);
    return out;
  }

  static double[] weightGradient(
      Op.Conv2dWeightGradient op, Shape x, Shape weight, Shape y, double[][] in) {
    double[] out = new double[Math.toIntExact(weight.elements())];
    taps(x, weight, y, op.stride(), op.padding(), (i, j, k) -> out[j] += in[0][i] * in[1][k]);
    return out;
  }

  private static void taps(Shape x, Shape weight, Shape y, int stride, int padding, Tap tap) {
    int groupIn = weight.dim(2);
    int groupOut = y.dim(3) / (x.dim(3) / groupIn);
    for (int row = 0; row < x.dim(0); row++) {
      for (int line = 0; line < y.dim(1); line++) {
        for (int column = 0; column < y.dim(2); column++) {
          for (int i = 0; i < weight.dim(0); i++) {
            for (int j = 0; j < weight.dim(1); j++) {
              int xLine = line * stride - padding + i;
              int xColumn = column * stride - padding + j;
              if (xLine < 0 || xLine >= x.dim(1) || xColumn < 0 || xColumn >= x.dim(2)) {
                continue;
              }
              for (int in = 0; in < groupIn; in++) {
                for (int out = 0; out < y.dim(3); out++) {
                  tap.meets(
                      at(x, row, xLine, xColumn, out / groupOut * groupIn + in),
                      at(weight, i, j, in, out),
                      at(y, row, line, column, out));
                }
              }
            }
          }
        }
      }
    }
  }

  /** One pixel of a window: the elements of x and of the result. */
  private interface Pixel {
    void lies(int x, int y);
  }

  static double[] maxPool(Op.MaxPool2d op, Shape x, Shape y, double[] in) {
    double[] out = new double[Math.toIntExact(y.elements())];
    int[] first = largest(x, y, op.window(), op.stride(), op.padding(), in);
    for (int i = 0; i < out.length; i++) {
      out[i] = in[first[i]];
    }
    return out;
  }

  static double[] maxPoolGradient(
      Op.MaxPool2dGradient op, Shape x, Shape y, double[] in, double[] dy) {
    double[] out = new double[in.length];
    int[] first = largest(x, y, op.window(), op.stride(), op.padding(), in);
    for (int i = 0; i < dy.length; i++) {
      out[first[i]] += dy[i];
    }
    return out;
  }

  /** Where the first largest of each window is. */
  private static int[] largest(
      Shape x, Shape y, int window, int stride, int padding, double[] numbers) {
    int[] first = new int[Math.toIntExact(y.elements())];
    Arrays.fill(first, -1);
    pixels(
        x,
        y,
        window,
        stride,
        padding,
        (i, j) -> {
          if (first[j] < 0 || numbers[i] > numbers[first[j]]) {
            first[j] = i;
          }
        });
    return first;
  }

  static double[] averagePool(Op.AveragePool2d op, Shape x, Shape y, double[] in) {
    double[] out = new double[Math.toIntExact(y.elements())];
    double size = op.window() * op.window();
    pixels(x, y, op.window(), op.stride(), op.padding(), (i, j) -> out[j] += in[i] / size);
    return out;
  }

  static double[] averagePoolGradient(Op.AveragePool2dGradient op, Shape x, Shape y, double[] dy) {
    double[] out = new double[Math.toIntExact(x.elements())];
    double size = op.window() * op.window();
    pixels(x, y, op.window(), op.stride(), op.padding(), (i, j) -> out[i] += dy[j] / size);
    return out;
  }

  private static void pixels(Shape x, Shape y, int window, int stride, int padding, Pixel pixel) {
    for (int row = 0; row < x.dim(0); row++) {
      for (int line = 0; line < y.dim(1); line++) {
        for (int column = 0; column < y.dim(2); column++) {
          for (int i = 0; i < window; i++) {
            for (int j = 0; j < window; j++) {
              int xLine = line * stride - padding + i;
              int xColumn = column * stride - padding + j;
              if (xLine < 0 || xLine >= x.dim(1) || xColumn < 0 || xColumn >= x.dim(2)) {
                continue;
              }
              for (int channel = 0; channel < x.dim(3); channel++) {
                pixel.lies(at(x, row, xLine, xColumn, channel), at(y, row, line, column, channel));
              }
            }
          }
        }
      }
    }
  }

  private static int at(Shape shape, int a, int b, int c, int d) {
    return ((a * shape.dim(1) + b) * shape.dim(2) + c) * shape.dim(3) + d;
  }
}
