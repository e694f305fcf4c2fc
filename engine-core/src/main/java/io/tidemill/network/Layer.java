package io.tidemill.network;

import io.tidemill.program.Value;
import io.tidemill.tensor.DataType;
import io.tidemill.tensor.Shape;
import java.util.Optional;

/**
 * One step of a network: traces its computation into a program.
 *
 * <p>A value without weights: those live in the parameter arena, under names that begin with the
 * layer's name. Users may write their own.
 */
public interface Layer {

  /** What automatic names begin with: {@code dense} gives {@code dense-1}, {@code dense-2}. */
  String kind();

  /** Appends this layer's instructions and gives its result. */
  Value trace(LayerTracer tracer, Value input);

  /** The input shape that it insists on; empty where any matrix will do and keeps its shape. */
  default Optional<Shape> input() {
    return Optional.empty();
  }

  /** The element type that it takes; most take numbers, an embedding takes ids. */
  default DataType inputType() {
    return DataType.FLOAT32;
  }

  /**
   * What must be learnt from the data before the first step, given this layer's name; only for the
   * first layer of a network that has parameters.
   */
  default Optional<Adaptation> adaptation(String name) {
    return Optional.empty();
  }
}
