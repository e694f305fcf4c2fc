package io.tidemill.device.cpu;

import io.tidemill.tensor.Shape;

/**
 * The sizes of one pooling: images [rows, height, width, channels] to [rows, outHeight, outWidth,
 * channels].
 *
 * <p>Windows are numbered as their results lie in memory. At least half of each lies in its image,
 * and only that part is meant by first and end.
 */
record Pooling(int rows, int height, int width, int channels, int window, int stride, int padding) {

  static Pooling of(Shape images, int window, int stride, int padding) {
    return new Pooling(
        images.dim(0), images.dim(1), images.dim(2), images.dim(3), window, stride, padding);
  }

  int outHeight() {
    return (height + 2 * padding - window) / stride + 1;
  }

  int outWidth() {
    return (width + 2 * padding - window) / stride + 1;
  }

  int windows() {
    return rows * outHeight() * outWidth();
  }

  /** The number of a window's first line, lines being counted through all images. */
  int firstLine(int index) {
    int place = index / outWidth() % outHeight();
    return image(index) * height + Math.max(0, place * stride - padding);
  }

  /** The number after that of its last line. */
  int endLine(int index) {
    int place = index / outWidth() % outHeight();
    return image(index) * height + Math.min(height, place * stride - padding + window);
  }

  int firstColumn(int index) {
    return Math.max(0, index % outWidth() * stride - padding);
  }

  int endColumn(int index) {
    return Math.min(width, index % outWidth() * stride - padding + window);
  }

  /** Where a pixel's channels begin, in bytes. */
  long at(int line, int column) {
    return ((long) line * width + column) * channels * Float.BYTES;
  }

  /** Where the channels of a window's result begin, in bytes. */
  long resultAt(int index) {
    return (long) index * channels * Float.BYTES;
  }

  private int image(int index) {
    return index / (outHeight() * outWidth());
  }
}
