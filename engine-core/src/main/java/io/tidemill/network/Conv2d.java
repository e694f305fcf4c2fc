package io.tidemill.network;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.program.Op;
import io.tidemill.program.Value;
import io.tidemill.tensor.Shape;

/**
 * Convolution of images (cross-correlation) and a bias: [*, height, width, in] to [*, height',
 * width', out], weight [kernel, kernel, in/groups, out], float32.
 *
 * @param kernel pixels on a side of the square that each output sees
 * @param stride pixels between two outputs, along both axes
 * @param padding zeros around the image, on each side
 * @param groups into which the channels are cut; outputs of one see inputs of one
 * @param initializer of the weight; the bias begins at zero
 */
public record Conv2d(
    int in, int out, int kernel, int stride, int padding, int groups, Initializer initializer)
    implements Layer {
  public Conv2d {
    boolean sizes = in >= 1 && out >= 1 && kernel >= 1 && stride >= 1 && padding >= 0;
    if (!sizes || groups < 1 || in % groups != 0 || out % groups != 0) {
      throw new EngineException(
          ErrorCode.INVALID_ARGUMENT,
          ("Conv2d in=%d out=%d kernel=%d stride=%d padding=%d groups=%d: expected numbers of at"
                  + " least 1, padding of at least 0, and groups that divide in and out")
              .formatted(in, out, kernel, stride, padding, groups));
    }
  }

  /** Stride 1, no padding, one group, He-uniform weights. */
  public static Conv2d of(int in, int out, int kernel) {
    return new Conv2d(in, out, kernel, 1, 0, 1, new Initializer.HeUniform());
  }

  /** This layer with other pixels between two outputs. */
  public Conv2d stride(int pixels) {
    return new Conv2d(in, out, kernel, pixels, padding, groups, initializer);
  }

  /** This layer with zeros around the image. */
  public Conv2d padding(int pixels) {
    return new Conv2d(in, out, kernel, stride, pixels, groups, initializer);
  }

  /** This layer with channels in groups. */
  public Conv2d groups(int count) {
    return new Conv2d(in, out, kernel, stride, padding, count, initializer);
  }

  /** This layer with other first weights. */
  public Conv2d initializer(Initializer weights) {
    return new Conv2d(in, out, kernel, stride, padding, groups, weights);
  }

  @Override
  public String kind() {
    return "conv";
  }

  @Override
  public Value trace(LayerTracer tracer, Value input) {
    tracer.expectImages(input);
    tracer.expectFeatures(input, in);
    Value weight =
        tracer.parameter("weight", Shape.of(kernel, kernel, in / groups, out), initializer);
    Value bias = tracer.parameter("bias", Shape.of(out), new Initializer.Constant(0));
    Value images = tracer.apply(new Op.Conv2d(stride, padding, groups), input, weight);
    return tracer.apply(new Op.AddBias(), images, bias);
  }
}
