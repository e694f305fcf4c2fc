package io.tidemill.network;

import io.tidemill.program.Op;
import io.tidemill.program.Value;
import io.tidemill.tensor.Shape;

/**
 * The score of each id, by the table that an earlier {@link Embedding} reads: [*, ..., width] to
 * [*, ..., count]. Press, Wolf 2017.
 *
 * @param embedding name of that layer, for example {@code embedding-1}
 * @param count ids of that layer
 */
public record Unembedding(String embedding, int count, int width) implements Layer {

  /** By the first embedding of the network. */
  public static Unembedding of(int count, int width) {
    return new Unembedding("embedding-1", count, width);
  }

  @Override
  public String kind() {
    return "unembedding";
  }

  @Override
  public Value trace(LayerTracer tracer, Value input) {
    tracer.expectFeatures(input, width);
    Value table = tracer.shared(embedding + ".table", Shape.of(count, width));
    return tracer.apply(new Op.MatMul(false, true), input, table);
  }
}
