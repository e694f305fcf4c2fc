package io.tidemill.network;

import io.tidemill.program.Op;
import io.tidemill.program.Value;

/** x sigmoid(x), element by element; also called swish. Elfwing, Uchibe, Doya 2017. */
public record Silu() implements Layer {
  public static Silu of() {
    return new Silu();
  }

  @Override
  public String kind() {
    return "silu";
  }

  @Override
  public Value trace(LayerTracer tracer, Value input) {
    return tracer.apply(new Op.Silu(), input);
  }
}
