package io.tidemill.train;

import io.tidemill.tensor.Philox;
import io.tidemill.tensor.Shape;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/** Changes images in place, in the order of the augmentations. Stateless; any thread. */
final class Augmenter {
  private final List<Augmentation> augmentations;
  private final long[] streams;
  private final long seed;
  private final int height;
  private final int width;
  private final int channels;
  private final long pixelBytes;
  private final long lineBytes;

  /** {@code images} is the network's input, [*, height, width, channels]. */
  Augmenter(List<Augmentation> augmentations, Shape images, long seed) {
    this.augmentations = augmentations;
    this.seed = seed;
    this.height = images.dim(1);
    this.width = images.dim(2);
    this.channels = images.dim(3);
    this.pixelBytes = (long) channels * Float.BYTES;
    this.lineBytes = width * pixelBytes;
    this.streams = new long[augmentations.size()];
    for (int i = 0; i < streams.length; i++) {
      streams[i] = Philox.stream("augmentation-" + i);
    }
  }

  /**
   * Changes the image at {@code index} of a batch.
   *
   * @param position of the sample in the training, counted over all epochs
   */
  void apply(MemorySegment features, long index, long position) {
    MemorySegment image = features.asSlice(index * height * lineBytes, height * lineBytes);
    for (int i = 0; i < streams.length; i++) {
      long bits = Philox.bits(seed, streams[i], position);
      switch (augmentations.get(i)) {
        case Augmentation.Shift(int most) ->
            shift(image, drawn((int) (bits >>> 32), most), drawn((int) bits, most));
        case Augmentation.FlipHorizontal _ -> {
          if ((bits & 1) != 0) {
            flip(image);
          }
        }
      }
    }
  }

  /** From -most to most; a bias of less than (2 most + 1) / 2^32 is left. */
  private static int drawn(int bits, int most) {
    return (int) ((Integer.toUnsignedLong(bits) * (2L * most + 1)) >>> 32) - most;
  }

  private void shift(MemorySegment image, int down, int right) {
    move(image, Math.clamp(down, -height, height) * lineBytes);
    if (right != 0) {
      long bytes = Math.clamp(right, -width, width) * pixelBytes;
      for (int y = 0; y < height; y++) {
        move(image.asSlice(y * lineBytes, lineBytes), bytes);
      }
    }
  }

  /** Moves all bytes towards the end, or the start where negative; zeros come in. */
  private static void move(MemorySegment memory, long bytes) {
    long kept = memory.byteSize() - Math.abs(bytes);
    MemorySegment.copy(memory, Math.max(0, -bytes), memory, Math.max(0, bytes), kept);
    memory.asSlice(bytes > 0 ? 0 : kept, Math.abs(bytes)).fill((byte) 0);
  }

  private void flip(MemorySegment image) {
    for (long line = 0; line < image.byteSize(); line += lineBytes) {
      for (int x = 0; x < width / 2; x++) {
        swap(image, line + x * pixelBytes, line + (width - 1 - x) * pixelBytes);
      }
    }
  }

  private void swap(MemorySegment image, long a, long b) {
    for (long i = 0; i < pixelBytes; i += Float.BYTES) {
      float kept = image.get(ValueLayout.JAVA_FLOAT, a + i);
      image.set(ValueLayout.JAVA_FLOAT, a + i, image.get(ValueLayout.JAVA_FLOAT, b + i));
      image.set(ValueLayout.JAVA_FLOAT, b + i, kept);
    }
  }
}
