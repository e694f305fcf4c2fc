package io.tidemill.device.cpu;

import io.tidemill.tensor.Shape;

/**
 * Where the windows of a pooling lie in an image [height, width, channels], in bytes; at least half
 * of each lies inside.
 */
final class PoolWindows {
  final int count;
  final long pixelBytes;
  final long lineBytes;
  final long imageBytes;

  private final long[] first;
  private final long[] end;
  private final long[] width;

  /** Windows in the order of their results. */
  PoolWindows(Shape images, int window, int stride, int padding) {
    int height = images.dim(1);
    int columns = images.dim(2);
    int outHeight = (height + 2 * padding - window) / stride + 1;
    int outWidth = (columns + 2 * padding - window) / stride + 1;
    this.count = outHeight * outWidth;
    this.pixelBytes = (long) images.dim(3) * Float.BYTES;
    this.lineBytes = columns * pixelBytes;
    this.imageBytes = height * lineBytes;
    this.first = new long[count];
    this.end = new long[count];
    this.width = new long[count];
    for (int i = 0; i < count; i++) {
      int top = i / outWidth * stride - padding;
      int left = i % outWidth * stride - padding;
      int right = Math.min(columns, left + window);
      first[i] = Math.max(0, top) * lineBytes + Math.max(0, left) * pixelBytes;
      end[i] = Math.min(height, top + window) * lineBytes;
      width[i] = (right - Math.max(0, left)) * pixelBytes;
    }
  }

  /** The first pixel. */
  long first(int index) {
    return first[index];
  }

  /** The end of the last line. */
  long end(int index) {
    return end[index];
  }

  /** Of each line. */
  long width(int index) {
    return width[index];
  }
}
