package io.tidemill.network;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.program.Op;
import io.tidemill.program.Value;
import io.tidemill.tensor.DataType;
import io.tidemill.tensor.Shape;

/**
 * A row of a table for each id: ids [*, ...] int32 to [*, ..., width], table [count, width].
 *
 * @param count ids, from 0
 * @param initializer of the table
 */
public record Embedding(int count, int width, Initializer initializer) implements Layer {
  public Embedding {
    if (count < 1 || width < 1) {
      throw new EngineException(
          ErrorCode.INVALID_ARGUMENT,
          "Embedding.of(%d, %d): expected at least one id and one number for each"
              .formatted(count, width));
    }
  }

  /** Normal with deviation 0.02 at first. */
  public static Embedding of(int count, int width) {
    return new Embedding(count, width, new Initializer.Normal(0.02));
  }

  /** This layer with another first table. */
  public Embedding initializer(Initializer table) {
    return new Embedding(count, width, table);
  }

  @Override
  public String kind() {
    return "embedding";
  }

  @Override
  public DataType inputType() {
    return DataType.INT32;
  }

  @Override
  public Value trace(LayerTracer tracer, Value input) {
    Value table = tracer.parameter("table", Shape.of(count, width), initializer);
    return tracer.apply(new Op.Embedding(), input, table);
  }
}
