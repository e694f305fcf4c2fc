package io.tidemill.network;

import io.tidemill.program.Op;
import io.tidemill.program.Value;

/** (x - mean) / standard deviation of each row, without trained parameters. */
public record LayerNorm() implements Layer {
  /** So small that the result does not depend on the scale of x; see {@link Op.LayerNorm}. */
  private static final float EPSILON = 1e-12f;

  public static LayerNorm plain() {
    return new LayerNorm();
  }

  @Override
  public String kind() {
    return "layer-norm";
  }

  @Override
  public Value trace(LayerTracer tracer, Value input) {
    return tracer.apply(new Op.LayerNorm(EPSILON), input);
  }
}
