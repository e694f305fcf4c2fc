package io.tidemill.network;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.program.Op;
import io.tidemill.program.ParameterRole;
import io.tidemill.program.ProgramBuilder;
import io.tidemill.program.Value;
import io.tidemill.tensor.Shape;
import java.util.Map;

/** What a layer traces with: its name, its parameters, and the program under construction. */
public final class LayerTracer {
  private final String name;
  private final ProgramBuilder builder;
  private final Map<String, Initializer> initializers;

  LayerTracer(String name, ProgramBuilder builder, Map<String, Initializer> initializers) {
    this.name = name;
    this.builder = builder.layer(name);
    this.initializers = initializers;
  }

  /** The layer's name in this network, for example {@code dense-2}. */
  public String name() {
    return name;
  }

  /** A parameter {@code <layer>.<suffix>} that training moves. */
  public Value parameter(String suffix, Shape shape, Initializer initializer) {
    return parameter(suffix, shape, initializer, ParameterRole.TRAINED);
  }

  /** A parameter {@code <layer>.<suffix>} that is adapted from data and not trained. */
  public Value adapted(String suffix, Shape shape, Initializer initializer) {
    return parameter(suffix, shape, initializer, ParameterRole.ADAPTED);
  }

  /** Refuses an input of another shape: {@code dense-2 expects [*, 512], gets [*, 256]}. */
  public void expect(Value input, Shape expected) {
    Shape found = input.shape();
    boolean fits = found.rank() == expected.rank();
    for (int axis = 1; fits && axis < found.rank(); axis++) {
      fits = found.dim(axis) == expected.dim(axis);
    }
    if (!fits) {
      throw new EngineException(
          ErrorCode.INVALID_ARGUMENT, name + " expects " + expected + ", gets " + found);
    }
  }

  /** Appends an instruction. */
  public Value apply(Op op, Value... inputs) {
    return builder.apply(op, inputs);
  }

  private Value parameter(String suffix, Shape shape, Initializer initializer, ParameterRole role) {
    String parameter = name + "." + suffix;
    initializers.put(parameter, initializer);
    return builder.parameter(parameter, shape, role);
  }
}
