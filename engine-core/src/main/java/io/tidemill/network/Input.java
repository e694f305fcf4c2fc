package io.tidemill.network;

import io.tidemill.program.Value;
import io.tidemill.tensor.DataType;
import io.tidemill.tensor.Shape;
import java.util.Arrays;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Says what a network takes, where its first layers would take anything.
 *
 * @param type FLOAT32, or INT32 for ids
 * @param shape with an open leading dimension, that of the samples
 */
public record Input(DataType type, Shape shape) implements Layer {

  /** Numbers, of these dimensions in each sample. */
  public static Input of(int... dims) {
    return new Input(DataType.FLOAT32, samples(dims));
  }

  /** Ids of tokens or categories, of these dimensions in each sample. */
  public static Input ofIds(int... dims) {
    return new Input(DataType.INT32, samples(dims));
  }

  private static Shape samples(int... dims) {
    return Shape.of(IntStream.concat(IntStream.of(Shape.ANY), Arrays.stream(dims)).toArray());
  }

  @Override
  public String kind() {
    return "input";
  }

  @Override
  public Optional<Shape> input() {
    return Optional.of(shape);
  }

  @Override
  public DataType inputType() {
    return type;
  }

  @Override
  public Value trace(LayerTracer tracer, Value input) {
    return input;
  }
}
