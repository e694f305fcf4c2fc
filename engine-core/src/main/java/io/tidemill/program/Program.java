package io.tidemill.program;

import io.tidemill.tensor.TensorSpec;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A static tensor computation: typed values, and the instructions that compute them in order.
 *
 * <p>A value: immutable, checked when made (each value is written once and before it is read, types
 * and shapes are those that the operations give, names are unique). Made by {@link ProgramBuilder}
 * or read by {@link ProgramJson}; transformed by {@link Differentiation} and {@link Fusion};
 * executed by a device. DESIGN §7.
 *
 * @param values position = {@link Value#id()}
 * @param instructions in order of execution
 * @param outputs value ids by output name, in order
 * @param gradients value ids by the name of the parameter that they are the gradient of; empty in a
 *     program that does not train
 */
public record Program(
    List<Value> values,
    List<Instruction> instructions,
    Map<String, Integer> outputs,
    Map<String, Integer> gradients) {

  public Program {
    values = List.copyOf(values);
    instructions = List.copyOf(instructions);
    outputs = Collections.unmodifiableMap(new LinkedHashMap<>(outputs));
    gradients = Collections.unmodifiableMap(new LinkedHashMap<>(gradients));
    ProgramCheck.check(values, instructions, outputs, gradients);
  }

  public Value value(int id) {
    return values.get(id);
  }

  public List<Value.Input> inputs() {
    return only(Value.Input.class);
  }

  public List<Value.Parameter> parameters() {
    return only(Value.Parameter.class);
  }

  /** The inputs as models and protocols state them. */
  public List<TensorSpec> inputSpecs() {
    return inputs().stream().map(Value::spec).toList();
  }

  /** The outputs under their output names, as models and protocols state them. */
  public List<TensorSpec> outputSpecs() {
    return outputs.entrySet().stream()
        .map(
            output -> {
              Value value = value(output.getValue());
              return new TensorSpec(output.getKey(), value.type(), value.shape());
            })
        .toList();
  }

  /** Where the parameters lie in the arena; the same for every program of one network. */
  public ParameterLayout layout() {
    return ParameterLayout.of(parameters());
  }

  /** Whether a leading dimension is still open, so that no device can compile it. */
  public boolean isOpen() {
    return values.stream().anyMatch(value -> value.shape().isOpen());
  }

  /** This program with {@code rows} for every open leading dimension. */
  public Program bind(int rows) {
    return new Program(
        values.stream().map(value -> value.bind(rows)).toList(), instructions, outputs, gradients);
  }

  /** This program computed by one worker. */
  public Program atOnePlace() {
    List<Instruction> moved = instructions.stream().map(each -> each.at(0)).toList();
    return new Program(values, moved, outputs, gradients);
  }

  /** What all instructions together cost; of one row where the program is open. */
  public Cost cost() {
    return instructions.stream()
        .map(instruction -> Cost.of(this, instruction))
        .reduce(Cost.NOTHING, Cost::plus);
  }

  private <T extends Value> List<T> only(Class<T> kind) {
    return values.stream().filter(kind::isInstance).map(kind::cast).toList();
  }

  /** All of it in one line, in words that stay the same from run to run. */
  @Override
  public String toString() {
    return values + " " + instructions + " outputs=" + outputs + " gradients=" + gradients;
  }
}
