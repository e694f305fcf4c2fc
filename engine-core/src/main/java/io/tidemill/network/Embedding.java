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
 * @param isSparse whether a step moves only the rows that it looks up, see {@link #sparse}
 */
public record Embedding(int count, int width, Initializer initializer, boolean isSparse)
    implements Layer {
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
    return new Embedding(count, width, new Initializer.Normal(0.02), false);
  }

  /** This layer with another first table. */
  public Embedding initializer(Initializer table) {
    return new Embedding(count, width, table, isSparse);
  }

  /**
   * This layer with a sparse gradient: a step costs what it looks up and not the whole table.
   *
   * <p>Rows that a step does not look up stand still, their moments and weight decay included;
   * those that it does move as in a dense table (PyTorch's SparseAdam). With SGD without momentum
   * that is what the dense table does, bit for bit. The table cannot be tied to an {@link
   * Unembedding}.
   */
  public Embedding sparse() {
    return new Embedding(count, width, initializer, true);
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
    Shape shape = Shape.of(count, width);
    Value table =
        isSparse
            ? tracer.trainedByRow("table", shape, initializer)
            : tracer.parameter("table", shape, initializer);
    return tracer.apply(new Op.Embedding(), input, table);
  }
}
