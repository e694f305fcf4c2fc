package io.tidemill.cli.report;

import io.tidemill.program.Cost;
import io.tidemill.program.Fusion;
import io.tidemill.program.Instruction;
import io.tidemill.program.MemoryPlan;
import io.tidemill.program.Program;
import io.tidemill.program.Simplification;
import io.tidemill.tensor.TensorSpec;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;

/** What a program computes, for people: its operations as a device runs them, shapes and costs. */
public final class ProgramTable {
  private static final List<String> HEADER =
      List.of("LAYER", "OPERATION", "SHAPE", "BYTES", "FLOPS");

  private ProgramTable() {}

  /** The open program bound to so many rows. */
  public static String text(Program open, int rows) {
    Program program = Fusion.apply(Simplification.apply(open.bind(rows)));
    Table table = new Table(HEADER, Set.of(3, 4));
    program.instructions().forEach(instruction -> table.add(row(program, instruction)));
    return specs("input", program.inputSpecs())
        + table
        + specs("output", program.outputSpecs())
        + String.format(
            Locale.ROOT,
            "parameters  %,d numbers, %,d bytes%n",
            program.layout().trainableFloats(),
            program.layout().floats() * Float.BYTES)
        + String.format(
            Locale.ROOT,
            "in all      %,d FLOPs, %,d bytes read and written, %,d bytes of memory at the peak%n",
            program.cost().flops(),
            program.cost().bytes(),
            MemoryPlan.of(program).peakBytes());
  }

  private static List<String> row(Program program, Instruction instruction) {
    Cost cost = Cost.of(program, instruction);
    return List.of(
        instruction.layer(),
        instruction.op().describe(),
        program.value(instruction.output()).shape().toString(),
        String.format(Locale.ROOT, "%,d", cost.bytes()),
        String.format(Locale.ROOT, "%,d", cost.flops()));
  }

  private static String specs(String what, List<TensorSpec> specs) {
    return specs.stream()
        .map(spec -> String.format("%-11s %s %s%s%n", what, spec.name(), spec.type(), spec.shape()))
        .collect(Collectors.joining());
  }
}
