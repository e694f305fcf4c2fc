package io.tidemill.network;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.program.Op;
import io.tidemill.program.Value;

/**
 * The middle of images: [*, h, w, channels] to [*, height, width, channels]; where the rest is odd,
 * the smaller half of it lies above and to the left.
 *
 * <p>Training sees any part of the images instead, where they are first shifted at random: {@code
 * Shift(2)} as augmentation in front of a crop of 32 x 32 pixels to 28 x 28. Evaluation and serving
 * do not shift, so they see the middle.
 */
public record Crop(int height, int width) implements Layer {
  public Crop {
    if (height < 1 || width < 1) {
      throw new EngineException(
          ErrorCode.INVALID_ARGUMENT,
          "Crop.of(%d, %d): expected at least one pixel each way".formatted(height, width));
    }
  }

  /** Images of so many pixels. */
  public static Crop of(int height, int width) {
    return new Crop(height, width);
  }

  @Override
  public String kind() {
    return "crop";
  }

  @Override
  public Value trace(LayerTracer tracer, Value input) {
    tracer.expectImages(input, height, width);
    return middle(tracer, 2, width, middle(tracer, 1, height, input));
  }

  private static Value middle(LayerTracer tracer, int axis, int pixels, Value images) {
    int rest = images.shape().dim(axis) - pixels;
    return rest == 0
        ? images
        : tracer.apply(new Op.Slice(axis, rest / 2, rest / 2 + pixels), images);
  }
}
