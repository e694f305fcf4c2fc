package io.tidemill.network;

import io.tidemill.program.Op;
import io.tidemill.program.Value;

/**
 * exp(x) / sum(exp(x)) over each row. Not before {@link Loss#softmaxCrossEntropy}, which takes
 * logits.
 */
public record Softmax() implements Layer {
  public static Softmax of() {
    return new Softmax();
  }

  @Override
  public String kind() {
    return "softmax";
  }

  @Override
  public Value trace(LayerTracer tracer, Value input) {
    return tracer.apply(new Op.Softmax(), input);
  }
}
