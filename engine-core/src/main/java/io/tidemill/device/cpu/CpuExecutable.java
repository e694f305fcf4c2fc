package io.tidemill.device.cpu;

import io.tidemill.device.Executable;
import io.tidemill.device.Execution;
import io.tidemill.program.Fusion;
import io.tidemill.program.MemoryPlan;
import io.tidemill.program.Program;
import io.tidemill.program.Segment;
import io.tidemill.program.Segments;
import io.tidemill.program.Simplification;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * A program simplified, fused, cut and planned for the CPU.
 *
 * @param program as it was given
 * @param cut what is run
 * @param plan where the values of {@code cut} lie
 */
record CpuExecutable(Program program, Segments cut, MemoryPlan plan, Primitives primitives)
    implements Executable {

  static CpuExecutable compile(Program program, Primitives primitives) {
    Segments cut = Segments.of(Fusion.apply(Simplification.apply(program)));
    return new CpuExecutable(program, cut, MemoryPlan.of(cut), primitives);
  }

  @Override
  public long peakBytes() {
    return plan.peakBytes();
  }

  @Override
  public List<Segment> segments() {
    return cut.list();
  }

  /** Loops of the Vector API do, hundreds of times; machine code does not. */
  @Override
  public boolean warmsUp() {
    return cut.program().instructions().stream()
        .anyMatch(instruction -> KernelCatalog.warmsUp(instruction.op(), primitives));
  }

  @Override
  @SuppressWarnings("MustBeClosedChecker") // closed with the execution
  public Execution newExecution() {
    Arena arena = Arena.ofShared();
    return new CpuExecution(
        this, arena, arena.allocate(Math.max(1, peakBytes()), MemoryPlan.ALIGNMENT));
  }

  @Override
  @SuppressWarnings("MustBeClosedChecker") // closed with the execution
  public Execution newExecution(MemorySegment memory) {
    return new CpuExecution(this, Arena.ofShared(), memory);
  }
}
