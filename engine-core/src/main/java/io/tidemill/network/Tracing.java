package io.tidemill.network;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.program.ParameterRole;
import io.tidemill.program.ProgramBuilder;
import io.tidemill.program.Value;
import io.tidemill.tensor.DataType;
import io.tidemill.tensor.Shape;
import java.util.LinkedHashMap;
import java.util.Map;

/** One pass over the layers of a network: the program that they trace, and what they share. */
final class Tracing {
  private final ProgramBuilder builder = new ProgramBuilder();
  private final boolean training;
  private final Map<String, Value> parameters = new LinkedHashMap<>();
  private final Map<String, Initializer> initializers = new LinkedHashMap<>();
  private Value weights;
  private Value randomKey;

  Tracing(boolean training) {
    this.training = training;
  }

  ProgramBuilder builder() {
    return builder;
  }

  boolean isTraining() {
    return training;
  }

  /** Of each parameter traced so far. */
  Map<String, Initializer> initializers() {
    return initializers;
  }

  Value.Parameter parameter(String name, Shape shape, Initializer initializer, ParameterRole role) {
    Value.Parameter parameter = builder.parameter(name, shape, role);
    parameters.put(name, parameter);
    initializers.put(name, initializer);
    return parameter;
  }

  Value shared(String layer, String name, Shape shape) {
    Value parameter = parameters.get(name);
    if (parameter == null || !parameter.shape().equals(shape)) {
      String found = parameter == null ? "among " + parameters.keySet() : "" + parameter.shape();
      throw new EngineException(
          ErrorCode.INVALID_ARGUMENT,
          layer + " expects an earlier parameter " + name + " " + shape + ", found " + found);
    }
    return parameter;
  }

  /** The weight of each sample; an input of programs that have a loss. */
  Value weights() {
    if (weights == null) {
      weights = builder.input("weights", DataType.FLOAT32, Shape.of(Shape.ANY));
    }
    return weights;
  }

  /** Seed, step and shard; an input of programs that draw random numbers. */
  Value randomKey() {
    if (randomKey == null) {
      randomKey = builder.input(Network.RANDOM_KEY, DataType.INT64, Shape.of(3));
    }
    return randomKey;
  }
}
