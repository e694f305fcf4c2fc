package io.tidemill.train;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;

/**
 * A random change of the images that a training sees; evaluation and serving see them as they are.
 *
 * <p>For networks whose input is [*, height, width, channels]. What happens to a sample is a pure
 * function of the seed and of its position in the training, so another epoch sees it changed in
 * another way, and any number of workers sees the same. A change that is the same for all samples
 * is no augmentation: it is a layer, and then serving has it too.
 */
public sealed interface Augmentation {

  /**
   * Moves an image by up to {@code most} pixels along each axis, each distance being as likely;
   * zeros come in at the edges. The same as to pad by {@code most} zeros and crop at random to the
   * old size: {@code RandomCrop(size, padding=most)} of torchvision. In front of a layer {@code
   * Crop} that takes {@code 2 * most} pixels away it is a random crop without zeros.
   */
  record Shift(int most) implements Augmentation {
    public Shift {
      if (most < 1) {
        throw new EngineException(
            ErrorCode.INVALID_ARGUMENT, "Shift expected at least 1 pixel, found " + most);
      }
    }
  }

  /** Mirrors one of two images, left to right. */
  record FlipHorizontal() implements Augmentation {}
}
