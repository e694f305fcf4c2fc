package io.tidemill.network;

import io.tidemill.program.Op;
import io.tidemill.program.Value;

/** 1 / (1 + exp(-x)), element by element. */
public record Sigmoid() implements Layer {
  public static Sigmoid of() {
    return new Sigmoid();
  }

  @Override
  public String kind() {
    return "sigmoid";
  }

  @Override
  public Value trace(LayerTracer tracer, Value input) {
    return tracer.apply(new Op.Sigmoid(), input);
  }
}
