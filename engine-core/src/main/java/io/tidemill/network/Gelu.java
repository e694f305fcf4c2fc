package io.tidemill.network;

import io.tidemill.program.Op;
import io.tidemill.program.Value;

/** x Φ(x), element by element, by the exact distribution function. Hendrycks, Gimpel 2016. */
public record Gelu() implements Layer {
  public static Gelu of() {
    return new Gelu();
  }

  @Override
  public String kind() {
    return "gelu";
  }

  @Override
  public Value trace(LayerTracer tracer, Value input) {
    return tracer.apply(new Op.Gelu(), input);
  }
}
