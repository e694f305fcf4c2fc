package io.tidemill.network;

import io.tidemill.program.Op;
import io.tidemill.program.Value;
import io.tidemill.tensor.Shape;

/**
 * Adds a trained vector for each position of a sequence: [*, length, width]. Vaswani and others
 * 2017, section 3.5, learned.
 *
 * @param initializer of the vectors
 */
public record PositionEmbedding(int length, int width, Initializer initializer) implements Layer {

  /** Normal with deviation 0.02 at first. */
  public static PositionEmbedding of(int length, int width) {
    return new PositionEmbedding(length, width, new Initializer.Normal(0.02));
  }

  @Override
  public String kind() {
    return "position-embedding";
  }

  @Override
  public Value trace(LayerTracer tracer, Value input) {
    tracer.expect(input, Shape.of(Shape.ANY, length, width));
    Value positions = tracer.parameter("positions", Shape.of(length, width), initializer);
    return tracer.apply(new Op.AddBias(), input, positions);
  }
}
