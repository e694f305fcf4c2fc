package io.tidemill.network;

import io.tidemill.program.Op;
import io.tidemill.program.Value;
import io.tidemill.tensor.Shape;

/**
 * {@code (x - mean) / sqrt(variance + epsilon) * scale + shift} over the last dimension of x. Ba,
 * Kiros, Hinton 2016.
 *
 * @param features size of the last dimension; 0 for any, without scale and shift
 * @param shifted whether there is a shift
 */
public record LayerNorm(int features, boolean shifted, float epsilon) implements Layer {
  /** So small that the result does not depend on the scale of x; see {@link Op.LayerNorm}. */
  private static final float NEGLIGIBLE = 1e-12f;

  public static LayerNorm of(int features) {
    return new LayerNorm(features, true, 1e-5f);
  }

  /** Without trained parameters: each row to mean 0 and deviation 1, whatever its scale. */
  public static LayerNorm plain() {
    return new LayerNorm(0, false, NEGLIGIBLE);
  }

  /** This layer without a shift. */
  public LayerNorm withoutBias() {
    return new LayerNorm(features, false, epsilon);
  }

  @Override
  public String kind() {
    return "layer-norm";
  }

  @Override
  public Value trace(LayerTracer tracer, Value input) {
    Value normalised = tracer.apply(new Op.LayerNorm(epsilon), input);
    if (features == 0) {
      return normalised;
    }
    tracer.expectFeatures(input, features);
    Shape vector = Shape.of(features);
    Value scale = tracer.parameter("scale", vector, new Initializer.Constant(1));
    Value scaled = tracer.apply(new Op.ScaleFeatures(), normalised, scale);
    if (!shifted) {
      return scaled;
    }
    Value shift = tracer.parameter("shift", vector, new Initializer.Constant(0));
    return tracer.apply(new Op.AddBias(), scaled, shift);
  }
}
