package io.tidemill.device.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.sun.management.ThreadMXBean;
import io.tidemill.device.Device;
import io.tidemill.device.DeviceBuffer;
import io.tidemill.device.Execution;
import io.tidemill.program.Program;
import java.lang.management.ManagementFactory;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** In a JVM of its own, see the module's pom: what C2 removes depends on what ran before. */
final class ConvolutionAllocationTest {
  private static final int RUNS_PER_ROUND = 500;
  private static final int ROUNDS = 200;

  static List<ConvolutionTest.Case> cases() {
    return ConvolutionTest.cases();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void aRunAllocatesNothingOnceWarm(ConvolutionTest.Case given) {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    Program program = ProgramRun.program(given.opCase());
    Device device = new CpuDevice(given.primitives());
    try (Execution execution = device.compile(program).newExecution();
        DeviceBuffer none = device.allocate(0)) {
      ProgramRun.fill(execution, program, ProgramRun.numbers(given.opCase(), 3));

      long fewest = Long.MAX_VALUE;
      for (int round = 0; round < ROUNDS && fewest > 0; round++) {
        long before = threads.getThreadAllocatedBytes(Thread.currentThread().threadId());
        for (int run = 0; run < RUNS_PER_ROUND; run++) {
          execution.run(none);
        }
        long after = threads.getThreadAllocatedBytes(Thread.currentThread().threadId());
        fewest = Math.min(fewest, after - before);
      }

      assertEquals(0, fewest / RUNS_PER_ROUND, "bytes a run");
    }
  }
}
