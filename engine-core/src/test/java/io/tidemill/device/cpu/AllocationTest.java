package io.tidemill.device.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.sun.management.ThreadMXBean;
import io.tidemill.device.Device;
import io.tidemill.device.DeviceBuffer;
import io.tidemill.device.Execution;
import io.tidemill.device.SumTree;
import io.tidemill.network.Dense;
import io.tidemill.network.LayerNorm;
import io.tidemill.network.Loss;
import io.tidemill.network.Network;
import io.tidemill.network.Relu;
import io.tidemill.network.Sigmoid;
import io.tidemill.network.SignedLog1p;
import io.tidemill.program.Optimizer;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A step allocates nothing on the heap once the compiler has seen it. */
final class AllocationTest {
  private static final int STEPS_PER_ROUND = 2000;
  private static final int ROUNDS = 100;
  private static final Network NETWORK =
      Network.sequential(
          LayerNorm.plain(),
          Dense.of(20, 33),
          Relu.of(),
          Dense.of(33, 5),
          SignedLog1p.of(),
          Sigmoid.of());

  static List<Device> devices() {
    return List.of(new CpuDevice(NativeSelection.primitives()), new CpuDevice(Primitives.vector()));
  }

  @ParameterizedTest
  @MethodSource("devices")
  void aStepAllocatesNothingOnceWarm(Device device) {
    long floats = NETWORK.layout().floats();
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    try (Execution execution =
            device.compile(NETWORK.training(Loss.softmaxCrossEntropy(), 9)).newExecution();
        DeviceBuffer parameters = device.allocate(floats);
        DeviceBuffer gradient = device.allocate(floats);
        DeviceBuffer other = device.allocate(floats);
        DeviceBuffer sum = device.allocate(floats);
        DeviceBuffer first = device.allocate(floats);
        DeviceBuffer second = device.allocate(floats)) {
      parameters.write(0, MemorySegment.ofArray(NETWORK.initialParameters(1)));
      SumTree terms = SumTree.of(List.of(gradient, other));
      List<DeviceBuffer> moments = List.of(first, second);
      Optimizer adam = Optimizer.Adam.of(1e-3f);

      long fewest = Long.MAX_VALUE;
      for (int round = 0; round < ROUNDS && fewest > 0; round++) {
        long before = threads.getThreadAllocatedBytes(Thread.currentThread().threadId());
        for (int step = 1; step <= STEPS_PER_ROUND; step++) {
          execution.run(parameters, gradient);
          device.treeSum(terms, sum, 0, floats);
          device.update(adam, step, parameters, terms, moments, 0, floats);
        }
        long after = threads.getThreadAllocatedBytes(Thread.currentThread().threadId());
        fewest = Math.min(fewest, after - before);
      }

      assertEquals(0, fewest / STEPS_PER_ROUND, "bytes a step");
    }
  }
}
