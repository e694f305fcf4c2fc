package io.tidemill.network;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.program.Op;
import io.tidemill.program.Value;

/**
 * Largest of each window of images [*, height, width, channels]; padding is less than any number.
 *
 * @param window pixels on a side
 * @param stride pixels between two windows
 * @param padding around the image, at most half a window
 */
public record MaxPool2d(int window, int stride, int padding) implements Layer {
  public MaxPool2d {
    if (window < 1 || stride < 1 || padding < 0 || 2 * padding > window) {
      throw new EngineException(
          ErrorCode.INVALID_ARGUMENT,
          ("MaxPool2d window=%d stride=%d padding=%d: expected a window and a stride of at least 1,"
                  + " and padding from 0 to half a window")
              .formatted(window, stride, padding));
    }
  }

  /** Windows side by side, without padding. */
  public static MaxPool2d of(int window) {
    return new MaxPool2d(window, window, 0);
  }

  /** This layer with other pixels between two windows. */
  public MaxPool2d stride(int pixels) {
    return new MaxPool2d(window, pixels, padding);
  }

  /** This layer with padding around the image. */
  public MaxPool2d padding(int pixels) {
    return new MaxPool2d(window, stride, pixels);
  }

  @Override
  public String kind() {
    return "max-pool";
  }

  @Override
  public Value trace(LayerTracer tracer, Value input) {
    tracer.expectImages(input);
    return tracer.apply(new Op.MaxPool2d(window, stride, padding), input);
  }
}
