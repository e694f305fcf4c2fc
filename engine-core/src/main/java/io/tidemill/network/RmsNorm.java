package io.tidemill.network;

import io.tidemill.program.Op;
import io.tidemill.program.Value;
import io.tidemill.tensor.Shape;

/**
 * {@code x / sqrt(mean of x² + epsilon) * scale} over the last dimension of x. Zhang, Sennrich
 * 2019.
 *
 * @param features size of the last dimension
 */
public record RmsNorm(int features, float epsilon) implements Layer {
  public static RmsNorm of(int features) {
    return new RmsNorm(features, 1e-6f);
  }

  @Override
  public String kind() {
    return "rms-norm";
  }

  @Override
  public Value trace(LayerTracer tracer, Value input) {
    tracer.expectFeatures(input, features);
    Value scale = tracer.parameter("scale", Shape.of(features), new Initializer.Constant(1));
    return tracer.apply(
        new Op.ScaleFeatures(), tracer.apply(new Op.RmsNorm(epsilon), input), scale);
  }
}
