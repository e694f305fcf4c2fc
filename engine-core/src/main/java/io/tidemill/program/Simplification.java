package io.tidemill.program;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * Computes nothing twice and nothing in vain: common-subexpression and dead-code removal. Results
 * keep their bits; inputs and parameters stay, read or not.
 */
public final class Simplification {
  private Simplification() {}

  public static Program apply(Program program) {
    return withoutDeadCode(withoutRepetition(program));
  }

  /** Of instructions at one place with one operation and the same operands the first is kept. */
  private static Program withoutRepetition(Program program) {
    record Computation(Op op, List<Integer> inputs, int place) {}

    int[] same = IntStream.range(0, program.values().size()).toArray();
    Map<Computation, Integer> known = new HashMap<>();
    List<Instruction> kept = new ArrayList<>();
    Set<Integer> dropped = new HashSet<>();
    for (Instruction instruction : program.instructions()) {
      List<Integer> inputs = instruction.inputs().stream().map(id -> same[id]).toList();
      int output = instruction.output();
      Integer first =
          known.putIfAbsent(new Computation(instruction.op(), inputs, instruction.place()), output);
      // A gradient is written where the caller wants it, so it is a value of its own.
      if (first == null || program.gradients().containsValue(output)) {
        kept.add(instruction.with(instruction.op(), inputs, output));
      } else {
        same[output] = first;
        dropped.add(output);
      }
    }
    Map<String, Integer> outputs = new LinkedHashMap<>();
    program.outputs().forEach((name, id) -> outputs.put(name, same[id]));
    return dropped.isEmpty() ? program : Rewrite.with(program, kept, outputs, dropped);
  }

  /** Drops what no output and no gradient depends on. */
  private static Program withoutDeadCode(Program program) {
    int[] uses = Rewrite.uses(program);
    List<Instruction> kept = new ArrayList<>();
    Set<Integer> dropped = new HashSet<>();
    for (Instruction instruction : program.instructions().reversed()) {
      if (uses[instruction.output()] > 0) {
        kept.addFirst(instruction);
      } else {
        dropped.add(instruction.output());
        instruction.inputs().forEach(id -> uses[id]--);
      }
    }
    return dropped.isEmpty() ? program : Rewrite.with(program, kept, program.outputs(), dropped);
  }
}
