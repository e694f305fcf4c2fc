package io.tidemill.program;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What the passes over programs share. */
final class Rewrite {
  private Rewrite() {}

  /** How often each value is read, as an operand, an output or a gradient. */
  static int[] uses(Program program) {
    int[] uses = new int[program.values().size()];
    program.instructions().forEach(each -> each.inputs().forEach(id -> uses[id]++));
    program.outputs().values().forEach(id -> uses[id]++);
    program.gradients().values().forEach(id -> uses[id]++);
    return uses;
  }

  /**
   * The program with other instructions, without the values in {@code dropped}; the others are
   * numbered anew, and names stay.
   */
  static Program with(
      Program program,
      List<Instruction> instructions,
      Map<String, Integer> outputs,
      Set<Integer> dropped) {
    Map<Integer, Integer> ids = new HashMap<>();
    List<Value> values = new ArrayList<>();
    for (Value value : program.values()) {
      if (!dropped.contains(value.id())) {
        ids.put(value.id(), values.size());
        values.add(value.withId(values.size()));
      }
    }
    List<Instruction> renumbered =
        instructions.stream()
            .map(
                instruction ->
                    instruction.with(
                        instruction.op(),
                        instruction.inputs().stream().map(ids::get).toList(),
                        ids.get(instruction.output())))
            .toList();
    return new Program(
        values, renumbered, translate(outputs, ids), translate(program.gradients(), ids));
  }

  private static Map<String, Integer> translate(
      Map<String, Integer> names, Map<Integer, Integer> ids) {
    Map<String, Integer> translated = new LinkedHashMap<>();
    names.forEach((name, id) -> translated.put(name, ids.get(id)));
    return translated;
  }
}
