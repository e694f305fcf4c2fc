package io.tidemill.network;

import io.tidemill.tensor.Philox;
import io.tidemill.tensor.Shape;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * What a parameter holds before the first step: a pure function of (seed, parameter name, index).
 *
 * <p>Weights are [in, out]: the fan-in is the first dimension, the fan-out the last.
 */
public sealed interface Initializer {

  /** Every element the same. */
  record Constant(float fill) implements Initializer {}

  /** Uniform within ±sqrt(6 / in). He and others 2015, for layers before a Relu. */
  record HeUniform() implements Initializer {}

  /** Uniform within ±sqrt(6 / (in + out)). Glorot, Bengio 2010. */
  record GlorotUniform() implements Initializer {}

  /** Writes the elements of one parameter, row-major float32. */
  default void fill(long seed, String parameter, Shape shape, MemorySegment target) {
    double limit = limit(shape);
    long stream = Philox.stream(parameter);
    for (long i = 0; i < shape.elements(); i++) {
      float number =
          this instanceof Constant constant
              ? constant.fill
              : (float) ((2.0 * Philox.uniform(seed, stream, i) - 1) * limit);
      target.setAtIndex(ValueLayout.JAVA_FLOAT, i, number);
    }
  }

  private double limit(Shape shape) {
    return switch (this) {
      case Constant _ -> 0;
      case HeUniform _ -> Math.sqrt(6.0 / shape.dim(0));
      case GlorotUniform _ -> Math.sqrt(6.0 / (shape.dim(0) + shape.dim(-1)));
    };
  }
}
