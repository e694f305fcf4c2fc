package io.tidemill.device.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemill.device.Device;
import io.tidemill.device.DeviceBuffer;
import io.tidemill.device.Execution;
import io.tidemill.device.SumTree;
import io.tidemill.network.Dense;
import io.tidemill.network.Loss;
import io.tidemill.network.Network;
import io.tidemill.network.Relu;
import io.tidemill.program.Optimizer;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A whole training through {@link Device} alone: two shards, tree sum, Adam, then prediction. */
final class TrainingTest {
  private static final float[][] SHARDS = {{0, 0, 0, 1}, {1, 0, 1, 1}};
  private static final int[][] LABELS = {{0, 1}, {1, 0}};

  static List<Device> devices() {
    return List.of(new CpuDevice(NativeSelection.primitives()), new CpuDevice(Primitives.vector()));
  }

  @ParameterizedTest
  @MethodSource("devices")
  void learnsExclusiveOr(Device device) {
    Network network = Network.sequential(Dense.of(2, 16).he(), Relu.of(), Dense.of(16, 2));
    Loss loss = Loss.softmaxCrossEntropy();
    long floats = network.layout().floats();
    DeviceBuffer parameters = device.allocate(floats);
    parameters.write(0, MemorySegment.ofArray(network.initialParameters(4)));
    List<DeviceBuffer> gradients = List.of(device.allocate(floats), device.allocate(floats));
    List<DeviceBuffer> moments = List.of(device.allocate(floats), device.allocate(floats));
    Execution execution = device.compile(network.training(loss, 2)).newExecution();

    double sum = 0;
    for (int step = 1; step <= 300; step++) {
      sum = 0;
      for (int shard = 0; shard < 2; shard++) {
        write(execution.input("features"), SHARDS[shard]);
        write(execution.input("weights"), 0.25f, 0.25f);
        execution.input("labels").copyFrom(MemorySegment.ofArray(LABELS[shard]));
        execution.run(parameters, gradients.get(shard));
        sum += execution.output("loss").get(ValueLayout.JAVA_FLOAT, 0);
      }
      device.update(
          Optimizer.Adam.of(0.02f), step, parameters, SumTree.of(gradients), moments, 0, floats);
    }

    assertTrue(sum < 0.02, "loss " + sum);
    Execution prediction = device.compile(network.prediction(loss).bind(4)).newExecution();
    write(prediction.input("input"), 0, 0, 0, 1, 1, 0, 1, 1);
    prediction.run(parameters);
    long[] labels = prediction.output("label").toArray(ValueLayout.JAVA_LONG);
    assertEquals(List.of(0L, 1L, 1L, 0L), Arrays.stream(labels).boxed().toList());
  }

  private static void write(MemorySegment target, float... numbers) {
    target.copyFrom(MemorySegment.ofArray(numbers));
  }
}
