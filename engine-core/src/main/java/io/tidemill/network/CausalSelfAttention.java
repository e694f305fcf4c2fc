package io.tidemill.network;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.program.Op;
import io.tidemill.program.Value;
import io.tidemill.tensor.Shape;

/**
 * Multi-head attention of each position to itself and those before, and a projection: [*, length,
 * width], weights {@code qkv} [width, 3 width] and {@code projection} [width, width], no biases.
 * Vaswani and others 2017.
 *
 * @param heads divides width
 * @param projectionInitializer of the projection; deep stacks of residuals want it smaller
 */
public record CausalSelfAttention(
    int width, int heads, Initializer initializer, Initializer projectionInitializer)
    implements Layer {
  public CausalSelfAttention {
    if (width < 1 || heads < 1 || width % heads != 0) {
      throw new EngineException(
          ErrorCode.INVALID_ARGUMENT,
          "CausalSelfAttention.of(%d, %d): expected heads that divide the width"
              .formatted(width, heads));
    }
  }

  /** Normal weights with deviation 0.02. */
  public static CausalSelfAttention of(int width, int heads) {
    Initializer normal = new Initializer.Normal(0.02);
    return new CausalSelfAttention(width, heads, normal, normal);
  }

  /** This layer with another first projection. */
  public CausalSelfAttention projection(Initializer weights) {
    return new CausalSelfAttention(width, heads, initializer, weights);
  }

  @Override
  public String kind() {
    return "attention";
  }

  @Override
  public Value trace(LayerTracer tracer, Value input) {
    tracer.expectFeatures(input, width);
    Value qkvWeight = tracer.parameter("qkv", Shape.of(width, 3 * width), initializer);
    Value projection =
        tracer.parameter("projection", Shape.of(width, width), projectionInitializer);
    Value qkv = tracer.apply(new Op.MatMul(false, false), input, qkvWeight);
    Value attended = tracer.apply(new Op.CausalAttention(heads), qkv);
    return tracer.apply(new Op.MatMul(false, false), attended, projection);
  }
}
