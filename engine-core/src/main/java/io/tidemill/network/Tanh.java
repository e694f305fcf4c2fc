package io.tidemill.network;

import io.tidemill.program.Op;
import io.tidemill.program.Value;

/** Hyperbolic tangent, element by element. */
public record Tanh() implements Layer {
  public static Tanh of() {
    return new Tanh();
  }

  @Override
  public String kind() {
    return "tanh";
  }

  @Override
  public Value trace(LayerTracer tracer, Value input) {
    return tracer.apply(new Op.Tanh(), input);
  }
}
