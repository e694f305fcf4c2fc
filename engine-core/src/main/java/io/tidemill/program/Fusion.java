package io.tidemill.program;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Merges instructions so that memory is passed over once; results keep their bits.
 *
 * <p>A bias and the Relu after it become {@link Op.AddBiasRelu}; elementwise operations of which
 * one alone reads the other become {@link Op.Fused}. Only where nothing else reads what lies
 * between. Names of the values that stay are kept.
 */
public final class Fusion {
  /** More would not be read from the nearest cache any longer. */
  private static final int MAX_INPUTS = 6;

  private static final int MAX_STEPS = 8;

  private final Program program;
  private final int[] uses;
  private final Map<Integer, Instruction> byOutput = new HashMap<>();
  private final Set<Integer> dropped = new HashSet<>();

  private Fusion(Program program) {
    this.program = program;
    this.uses = Rewrite.uses(program);
  }

  public static Program apply(Program program) {
    return new Fusion(program).fuse();
  }

  private Program fuse() {
    for (Instruction instruction : program.instructions()) {
      Instruction fused =
          switch (instruction.op()) {
            case Op.Relu _ when soleUse(instruction, 0, Op.AddBias.class) -> withBias(instruction);
            case Op.Elementwise elementwise -> withOperands(instruction, elementwise);
            default -> instruction;
          };
      byOutput.put(instruction.output(), fused);
    }
    if (dropped.isEmpty()) {
      return program;
    }
    List<Instruction> kept =
        program.instructions().stream()
            .filter(instruction -> !dropped.contains(instruction.output()))
            .map(instruction -> byOutput.get(instruction.output()))
            .toList();
    return Rewrite.with(program, kept, program.outputs(), dropped);
  }

  private Instruction withBias(Instruction relu) {
    Instruction bias = byOutput.get(relu.inputs().getFirst());
    dropped.add(bias.output());
    return bias.with(new Op.AddBiasRelu(), bias.inputs(), relu.output());
  }

  private Instruction withOperands(Instruction instruction, Op.Elementwise op) {
    List<Integer> inlined = new ArrayList<>();
    for (int i = 0; i < instruction.inputs().size(); i++) {
      if (soleUse(instruction, i, Op.Elementwise.class)
          || soleUse(instruction, i, Op.Fused.class)) {
        inlined.add(instruction.inputs().get(i));
      }
    }
    if (inlined.isEmpty()) {
      return instruction;
    }
    Chain chain = new Chain();
    inlined.forEach(id -> chain.inline(byOutput.get(id)));
    chain.append(op, instruction);
    if (chain.inputs.size() > MAX_INPUTS || chain.steps.size() > MAX_STEPS) {
      return instruction;
    }
    dropped.addAll(inlined);
    return chain.toInstruction(instruction);
  }

  /** Whether an operand is the result of such an operation at this place and is read here alone. */
  private boolean soleUse(Instruction instruction, int input, Class<? extends Op> kind) {
    int id = instruction.inputs().get(input);
    Instruction producer = byOutput.get(id);
    return producer != null
        && kind.isInstance(producer.op())
        && producer.place() == instruction.place()
        && uses[id] == 1;
  }

  /** Steps that are collected; operands are value ids until all inputs are known. */
  private static final class Chain {
    private record Step(Op.Elementwise op, List<Integer> operands, int output) {}

    private final List<Integer> inputs = new ArrayList<>();
    private final List<Step> steps = new ArrayList<>();

    /**
     * Takes over a producer. The results of its inner steps have no value: they get ids below 0.
     */
    void inline(Instruction producer) {
      if (producer.op() instanceof Op.Elementwise op) {
        append(op, producer);
        return;
      }
      List<Op.Fused.Step> inner = ((Op.Fused) producer.op()).steps();
      int first = steps.size();
      int count = producer.inputs().size();
      for (int i = 0; i < inner.size(); i++) {
        List<Integer> operands =
            inner.get(i).operands().stream()
                .map(at -> at < count ? producer.inputs().get(at) : hidden(first + at - count))
                .toList();
        boolean last = i == inner.size() - 1;
        add(inner.get(i).op(), operands, last ? producer.output() : hidden(first + i));
      }
    }

    void append(Op.Elementwise op, Instruction instruction) {
      add(op, instruction.inputs(), instruction.output());
    }

    private void add(Op.Elementwise op, List<Integer> operands, int output) {
      for (int operand : operands) {
        boolean computed = steps.stream().anyMatch(step -> step.output == operand);
        if (!computed && !inputs.contains(operand)) {
          inputs.add(operand);
        }
      }
      steps.add(new Step(op, operands, output));
    }

    private static int hidden(int step) {
      return -1 - step;
    }

    Instruction toInstruction(Instruction last) {
      Map<Integer, Integer> places = new HashMap<>();
      inputs.forEach(id -> places.put(id, places.size()));
      List<Op.Fused.Step> fused = new ArrayList<>();
      for (Step step : steps) {
        fused.add(new Op.Fused.Step(step.op, step.operands.stream().map(places::get).toList()));
        places.put(step.output, inputs.size() + fused.size() - 1);
      }
      return last.with(new Op.Fused(fused), inputs, last.output());
    }
  }
}
