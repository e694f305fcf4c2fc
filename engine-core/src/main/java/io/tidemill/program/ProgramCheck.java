package io.tidemill.program;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.tensor.DataType;
import io.tidemill.tensor.TensorSpec;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What must hold of every program, whether traced, transformed or read from a file. */
final class ProgramCheck {
  private static final Set<DataType> COMPUTED =
      EnumSet.of(DataType.FLOAT32, DataType.INT32, DataType.INT64, DataType.UINT8);

  private ProgramCheck() {}

  static void check(
      List<Value> values,
      List<Instruction> instructions,
      Map<String, Integer> outputs,
      Map<String, Integer> gradients) {
    checkValues(values);
    boolean[] written = new boolean[values.size()];
    for (Value value : values) {
      written[value.id()] = !(value instanceof Value.Computed);
    }
    for (Instruction instruction : instructions) {
      checkInstruction(values, instruction, written);
      written[instruction.output()] = true;
    }
    outputs.forEach((name, id) -> require(isWritten(written, id), "output " + name, id));
    gradients.forEach((name, id) -> checkGradient(values, written, name, id));
    checkRows(values, instructions, gradients);
    if (new HashSet<>(gradients.values()).size() != gradients.size()) {
      throw invalid("two parameters share one gradient value: " + gradients);
    }
  }

  private static void checkValues(List<Value> values) {
    Set<String> names = new HashSet<>();
    for (int i = 0; i < values.size(); i++) {
      Value value = values.get(i);
      if (value.id() != i) {
        throw invalid("value " + value.name() + " has id " + value.id() + ", expected " + i);
      }
      if (!names.add(value.name())) {
        throw invalid("two values are named " + value.name());
      }
      if (!COMPUTED.contains(value.type())) {
        throw invalid(
            "value %s has the type %s, which devices do not compute: expected one of %s"
                .formatted(value.name(), value.type(), COMPUTED));
      }
      if (value instanceof Value.Parameter && value.shape().isOpen()) {
        throw invalid("parameter " + value.name() + " has an open shape " + value.shape());
      }
    }
  }

  private static void checkInstruction(
      List<Value> values, Instruction instruction, boolean[] written) {
    String what = instruction.layer() + ": " + instruction.op().name();
    for (int input : instruction.inputs()) {
      require(isWritten(written, input), what + " reads a value", input);
    }
    int output = instruction.output();
    require(output >= 0 && output < written.length, what + " writes a value", output);
    Value target = values.get(output);
    if (!(target instanceof Value.Computed) || written[output]) {
      throw invalid(what + " writes " + target.name() + ", which is already given");
    }
    TensorSpec inferred =
        TypeInference.infer(
            instruction.layer(),
            instruction.op(),
            instruction.inputs().stream().map(values::get).toList());
    if (inferred.type() != target.type() || !inferred.shape().equals(target.shape())) {
      throw invalid(
          what
              + (" gives " + inferred.type() + inferred.shape())
              + (" but " + target.name() + " is " + target.type() + target.shape()));
    }
  }

  private static void checkGradient(
      List<Value> values, boolean[] written, String parameter, int id) {
    require(isWritten(written, id), "gradient of " + parameter, id);
    boolean fits =
        values.get(id) instanceof Value.Computed
            && values.stream()
                .anyMatch(
                    value ->
                        value instanceof Value.Parameter
                            && value.name().equals(parameter)
                            && value.shape().equals(values.get(id).shape()));
    if (!fits) {
      throw invalid(
          "gradient of %s is %s%s: expected a computed value of that parameter's shape"
              .formatted(parameter, values.get(id).name(), values.get(id).shape()));
    }
  }

  /** A gradient by row is not written whole: nothing reads it, and it is where it is expected. */
  private static void checkRows(
      List<Value> values, List<Instruction> instructions, Map<String, Integer> gradients) {
    Set<Integer> byRow = new HashSet<>();
    for (Instruction instruction : instructions) {
      for (int input : instruction.inputs()) {
        if (byRow.contains(input)) {
          throw invalid(
              instruction.layer()
                  + (": " + instruction.op().name() + " reads " + values.get(input).name())
                  + ", of which only rows that were looked up are written");
        }
      }
      if (instruction.op() instanceof Op.EmbeddingRowsGradient) {
        byRow.add(instruction.output());
      }
    }
    for (Value value : values) {
      Integer gradient = gradients.get(value.name());
      if (value instanceof Value.Parameter parameter && gradient != null) {
        boolean expected = parameter.role() == ParameterRole.TRAINED_BY_ROW;
        if (expected != byRow.contains(gradient)) {
          throw invalid(
              "%s is %s, but its gradient %s is %s"
                  .formatted(
                      parameter.name(),
                      parameter.role(),
                      values.get(gradient).name(),
                      expected ? "not by row" : "by row"));
        }
      }
    }
  }

  private static boolean isWritten(boolean[] written, int id) {
    return id >= 0 && id < written.length && written[id];
  }

  private static void require(boolean holds, String what, int id) {
    if (!holds) {
      throw invalid(what + " (id " + id + ") that no earlier instruction has written");
    }
  }

  private static EngineException invalid(String sentence) {
    return new EngineException(ErrorCode.INVALID_DATA, "program is not valid: " + sentence);
  }
}
