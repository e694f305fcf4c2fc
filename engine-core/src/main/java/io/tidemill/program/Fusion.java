package io.tidemill.program;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Merges a bias and the Relu after it into one instruction, so that the matrix is read and written
 * once; results keep their bits.
 *
 * <p>Only where nothing else reads the sum before the Relu. Values that are no longer written are
 * dropped and the others renumbered; names stay.
 */
public final class Fusion {
  private Fusion() {}

  public static Program apply(Program program) {
    Map<Integer, Instruction> biases = soleUses(program);
    List<Instruction> fused = new ArrayList<>();
    Set<Integer> dropped = new HashSet<>();
    for (Instruction instruction : program.instructions()) {
      Instruction bias =
          instruction.op() instanceof Op.Relu ? biases.get(instruction.inputs().getFirst()) : null;
      if (bias == null) {
        fused.add(instruction);
      } else {
        fused.add(
            new Instruction(
                new Op.AddBiasRelu(), bias.inputs(), instruction.output(), bias.layer()));
        dropped.add(bias.output());
      }
    }
    fused.removeIf(instruction -> dropped.contains(instruction.output()));
    return dropped.isEmpty() ? program : renumber(program, fused, dropped);
  }

  /** The AddBias instructions whose result is read once and is not wanted outside. */
  private static Map<Integer, Instruction> soleUses(Program program) {
    Map<Integer, Integer> uses = new HashMap<>();
    program
        .instructions()
        .forEach(
            instruction -> instruction.inputs().forEach(id -> uses.merge(id, 1, Integer::sum)));
    program.outputs().values().forEach(id -> uses.merge(id, 2, Integer::sum));
    program.gradients().values().forEach(id -> uses.merge(id, 2, Integer::sum));
    Map<Integer, Instruction> biases = new HashMap<>();
    for (Instruction instruction : program.instructions()) {
      boolean sole = uses.getOrDefault(instruction.output(), 0) == 1;
      if (instruction.op() instanceof Op.AddBias && sole) {
        biases.put(instruction.output(), instruction);
      }
    }
    return biases;
  }

  private static Program renumber(
      Program program, List<Instruction> instructions, Set<Integer> dropped) {
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
                    new Instruction(
                        instruction.op(),
                        instruction.inputs().stream().map(ids::get).toList(),
                        ids.get(instruction.output()),
                        instruction.layer()))
            .toList();
    return new Program(
        values, renumbered, translate(program.outputs(), ids), translate(program.gradients(), ids));
  }

  private static Map<String, Integer> translate(
      Map<String, Integer> names, Map<Integer, Integer> ids) {
    Map<String, Integer> translated = new LinkedHashMap<>();
    names.forEach((name, id) -> translated.put(name, ids.get(id)));
    return translated;
  }
}
