package io.tidemill.program;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.tensor.DataType;
import io.tidemill.tensor.Shape;
import io.tidemill.tensor.TensorSpec;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Traces a computation into a {@link Program}, inferring types and shapes as it goes.
 *
 * <p>Confined to one thread. Each instruction is attributed to the layer last named by {@link
 * #layer}; a mismatch is an error that begins with that layer's name.
 */
public final class ProgramBuilder {
  private final List<Value> values = new ArrayList<>();
  private final Set<String> names = new HashSet<>();
  private final List<Instruction> instructions = new ArrayList<>();
  private final Map<String, Integer> outputs = new LinkedHashMap<>();
  private final Map<String, Integer> gradients = new LinkedHashMap<>();
  private String layer = "program";
  private int place;

  /** A builder that continues a program; the values of that program may be used as they are. */
  static ProgramBuilder continuing(Program program) {
    ProgramBuilder builder = new ProgramBuilder();
    program.values().forEach(builder::add);
    builder.instructions.addAll(program.instructions());
    builder.outputs.putAll(program.outputs());
    builder.gradients.putAll(program.gradients());
    return builder;
  }

  /** Names the layer that the next instructions belong to. */
  public ProgramBuilder layer(String name) {
    layer = name;
    return this;
  }

  /** Says where the next instructions are computed. */
  ProgramBuilder place(int number) {
    place = number;
    return this;
  }

  public Value input(String name, DataType type, Shape shape) {
    return add(new Value.Input(values.size(), name, type, shape));
  }

  public Value.Parameter parameter(String name, Shape shape, ParameterRole role) {
    Value.Parameter parameter = new Value.Parameter(values.size(), name, shape, role);
    add(parameter);
    return parameter;
  }

  public Value constant(String name, Shape shape, float fill) {
    return add(new Value.Constant(values.size(), unique(name), shape, fill));
  }

  /** Appends an instruction and gives its result. */
  public Value apply(Op op, Value... inputs) {
    List<Value> operands = List.of(inputs);
    operands.forEach(this::requireOwn);
    TensorSpec result = TypeInference.infer(layer, op, operands);
    Value output =
        add(
            new Value.Computed(
                values.size(), unique(result.name()), result.type(), result.shape()));
    List<Integer> ids = operands.stream().map(Value::id).toList();
    instructions.add(new Instruction(op, ids, output.id(), layer, place));
    return output;
  }

  /** Names a value as an output of the program. */
  public ProgramBuilder output(String name, Value value) {
    requireOwn(value);
    if (outputs.putIfAbsent(name, value.id()) != null) {
      throw new EngineException(
          ErrorCode.INVALID_ARGUMENT, "two outputs are named " + name + ": rename one");
    }
    return this;
  }

  /** Names a value as the statistic that an averaged parameter follows. */
  public ProgramBuilder average(Value.Parameter parameter, Value statistic) {
    requireOwn(statistic);
    return gradient(parameter.name(), statistic);
  }

  /** Names a value as the gradient of a parameter. */
  ProgramBuilder gradient(String parameter, Value value) {
    gradients.put(parameter, value.id());
    return this;
  }

  public Program build() {
    return new Program(values, instructions, outputs, gradients);
  }

  private Value add(Value value) {
    if (!names.add(value.name())) {
      throw new EngineException(
          ErrorCode.INVALID_ARGUMENT, "two values are named " + value.name() + ": rename one");
    }
    values.add(value);
    return value;
  }

  private String unique(String name) {
    String candidate = name;
    for (int i = 2; names.contains(candidate); i++) {
      candidate = name + "-" + i;
    }
    return candidate;
  }

  private void requireOwn(Value value) {
    if (value.id() >= values.size() || !values.get(value.id()).equals(value)) {
      throw new EngineException(
          ErrorCode.INVALID_ARGUMENT,
          layer + ": value " + value.name() + " belongs to another program");
    }
  }
}
