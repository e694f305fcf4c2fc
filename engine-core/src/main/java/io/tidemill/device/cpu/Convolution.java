package io.tidemill.device.cpu;

import io.tidemill.program.Op;
import io.tidemill.tensor.Shape;

/**
 * The sizes of one convolution: x [rows, height, width, in] by weight [kernelHeight, kernelWidth,
 * in/groups, out] gives [rows, outHeight, outWidth, out].
 */
record Convolution(
    int rows,
    int height,
    int width,
    int in,
    int kernelHeight,
    int kernelWidth,
    int out,
    int stride,
    int padding,
    int groups) {

  static Convolution of(Op.Conv2d op, Shape x, Shape weight) {
    return of(x, weight, op.stride(), op.padding(), op.groups());
  }

  static Convolution of(Op.Conv2dInputGradient op, Shape weight, Shape dx) {
    return of(dx, weight, op.stride(), op.padding(), op.groups());
  }

  static Convolution of(Op.Conv2dWeightGradient op, Shape x, Shape dw) {
    return of(x, dw, op.stride(), op.padding(), op.groups());
  }

  private static Convolution of(Shape x, Shape weight, int stride, int padding, int groups) {
    return new Convolution(
        x.dim(0),
        x.dim(1),
        x.dim(2),
        x.dim(3),
        weight.dim(0),
        weight.dim(1),
        weight.dim(3),
        stride,
        padding,
        groups);
  }

  int outHeight() {
    return (height + 2 * padding - kernelHeight) / stride + 1;
  }

  int outWidth() {
    return (width + 2 * padding - kernelWidth) / stride + 1;
  }

  int groupIn() {
    return in / groups;
  }

  int groupOut() {
    return out / groups;
  }

  /** As it stands in error sentences. */
  String text() {
    return "images [%d, %d, %d, %d] by weight [%d, %d, %d, %d], stride %d, padding %d, groups %d"
        .formatted(
            rows,
            height,
            width,
            in,
            kernelHeight,
            kernelWidth,
            groupIn(),
            out,
            stride,
            padding,
            groups);
  }
}
