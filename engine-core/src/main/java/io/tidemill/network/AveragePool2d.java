package io.tidemill.network;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.program.Op;
import io.tidemill.program.Value;

/**
 * Mean of each window of images [*, height, width, channels]; padding counts as zeros.
 *
 * @param window pixels on a side
 * @param stride pixels between two windows
 * @param padding around the image, at most half a window
 */
public record AveragePool2d(int window, int stride, int padding) implements Layer {
  public AveragePool2d {
    if (window < 1 || stride < 1 || padding < 0 || 2 * padding > window) {
      throw new EngineException(
          ErrorCode.INVALID_ARGUMENT,
          ("AveragePool2d window=%d stride=%d padding=%d: expected a window and a stride of at"
                  + " least 1, and padding from 0 to half a window")
              .formatted(window, stride, padding));
    }
  }

  /** Windows side by side, without padding. */
  public static AveragePool2d of(int window) {
    return new AveragePool2d(window, window, 0);
  }

  /** This layer with other pixels between two windows. */
  public AveragePool2d stride(int pixels) {
    return new AveragePool2d(window, pixels, padding);
  }

  /** This layer with padding around the image. */
  public AveragePool2d padding(int pixels) {
    return new AveragePool2d(window, stride, pixels);
  }

  @Override
  public String kind() {
    return "average-pool";
  }

  @Override
  public Value trace(LayerTracer tracer, Value input) {
    tracer.expectImages(input);
    return tracer.apply(new Op.AveragePool2d(window, stride, padding), input);
  }
}
