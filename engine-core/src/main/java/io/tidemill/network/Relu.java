package io.tidemill.network;

import io.tidemill.program.Op;
import io.tidemill.program.Value;

/** The larger of x and 0, element by element. */
public record Relu() implements Layer {
  public static Relu of() {
    return new Relu();
  }

  @Override
  public String kind() {
    return "relu";
  }

  @Override
  public Value trace(LayerTracer tracer, Value input) {
    return tracer.apply(new Op.Relu(), input);
  }
}
