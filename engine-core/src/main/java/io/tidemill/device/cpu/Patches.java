package io.tidemill.device.cpu;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * What the kernel of a convolution sees of one group of one image: a matrix with a row for each
 * place of the result, [outHeight outWidth, kernelHeight kernelWidth in/groups].
 */
final class Patches {
  private final Convolution c;
  private final MemorySegment memory;
  private final MemorySegment zeros;
  private final long pixelBytes;
  private final long groupBytes;

  Patches(Convolution c, Arena owner) {
    this.c = c;
    this.pixelBytes = (long) c.in() * Float.BYTES;
    this.groupBytes = (long) c.groupIn() * Float.BYTES;
    this.memory = owner.allocate((long) count() * length() * Float.BYTES, Lanes.BYTES);
    this.zeros = owner.allocate(groupBytes, Lanes.BYTES);
  }

  MemorySegment memory() {
    return memory;
  }

  int count() {
    return c.outHeight() * c.outWidth();
  }

  int length() {
    return c.kernelHeight() * c.kernelWidth() * c.groupIn();
  }

  /** Copies the patches out of an image; outside it are zeros. */
  void read(MemorySegment images, int image, int group) {
    long at = 0;
    for (int place = 0; place < count(); place++) {
      for (int tap = 0; tap < c.kernelHeight() * c.kernelWidth(); tap++) {
        long source = offset(image, group, place, tap);
        if (source < 0) {
          MemorySegment.copy(zeros, 0, memory, at, groupBytes);
        } else {
          MemorySegment.copy(images, source, memory, at, groupBytes);
        }
        at += groupBytes;
      }
    }
  }

  /** Adds the patches to an image, in the order of their rows. */
  void addTo(MemorySegment images, int image, int group) {
    long at = 0;
    for (int place = 0; place < count(); place++) {
      for (int tap = 0; tap < c.kernelHeight() * c.kernelWidth(); tap++) {
        long target = offset(image, group, place, tap);
        if (target >= 0) {
          add(memory, at, images, target, c.groupIn());
        }
        at += groupBytes;
      }
    }
  }

  /**
   * Adds terms to sums, each from its own byte offset. Number by number: inlined into a large
   * kernel a vector would be boxed, and the compiler makes vectors of this itself.
   */
  static void add(MemorySegment terms, long from, MemorySegment sums, long at, int floats) {
    for (int i = 0; i < floats; i++) {
      long step = (long) i * Float.BYTES;
      float sum = sums.get(JAVA_FLOAT, at + step) + terms.get(JAVA_FLOAT, from + step);
      sums.set(JAVA_FLOAT, at + step, sum);
    }
  }

  /** Where the pixel lies that tap meets at a place of the result; below 0 outside the image. */
  private long offset(int image, int group, int place, int tap) {
    int y = place / c.outWidth() * c.stride() - c.padding() + tap / c.kernelWidth();
    int x = place % c.outWidth() * c.stride() - c.padding() + tap % c.kernelWidth();
    if (y < 0 || y >= c.height() || x < 0 || x >= c.width()) {
      return -1;
    }
    return (((long) image * c.height() + y) * c.width() + x) * pixelBytes + group * groupBytes;
  }
}
