package io.tidemill.device.cpu;

import io.tidemill.device.Executable;
import io.tidemill.device.Execution;
import io.tidemill.program.Fusion;
import io.tidemill.program.MemoryPlan;
import io.tidemill.program.Program;
import io.tidemill.program.Simplification;

/**
 * A program simplified, fused and planned for the CPU.
 *
 * @param program as it was given
 * @param fused what is run
 * @param plan where the values of {@code fused} lie
 */
record CpuExecutable(Program program, Program fused, MemoryPlan plan, Primitives primitives)
    implements Executable {

  static CpuExecutable compile(Program program, Primitives primitives) {
    Program fused = Fusion.apply(Simplification.apply(program));
    return new CpuExecutable(program, fused, MemoryPlan.of(fused), primitives);
  }

  @Override
  public long peakBytes() {
    return plan.peakBytes();
  }

  @Override
  public Execution newExecution() {
    return new CpuExecution(this);
  }
}
