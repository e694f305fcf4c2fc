package io.tidemill.device.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import io.tidemill.device.Device;
import io.tidemill.device.DeviceBuffer;
import io.tidemill.device.Executable;
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
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The same bits over runs, executions, threads, compilers, slices and alignment. */
final class DeterminismTest {
  private static final int ROWS = 13;
  private static final Network NETWORK =
      Network.sequential(
          LayerNorm.plain(),
          Dense.of(37, 50),
          Relu.of(),
          Dense.of(50, 21),
          Sigmoid.of(),
          SignedLog1p.of(),
          Dense.of(21, 7));

  static List<Device> devices() {
    return List.of(new CpuDevice(NativeSelection.primitives()), new CpuDevice(Primitives.vector()));
  }

  @ParameterizedTest
  @MethodSource("devices")
  void gradientsKeepTheirBitsFromTheFirstInterpretedRunToTheLastCompiledOne(Device device)
      throws Exception {
    Executable executable = device.compile(NETWORK.training(Loss.softmaxCrossEntropy(), ROWS));
    float[] first = gradients(device, executable, 1);

    List<Future<float[]>> later = new ArrayList<>();
    try (ExecutorService threads = Executors.newFixedThreadPool(3)) {
      for (int i = 0; i < 3; i++) {
        later.add(threads.submit(() -> gradients(device, executable, 3000)));
      }
    }

    for (Future<float[]> each : later) {
      assertArrayEquals(bits(first), bits(each.get()));
    }
  }

  @ParameterizedTest
  @MethodSource("devices")
  void updatesKeepTheirBitsHoweverTheArenaIsCut(Device device) {
    List<Optimizer> optimizers =
        List.of(
            Optimizer.Sgd.of(0.1f), new Optimizer.Sgd(0.1f, 0.9f, true), Optimizer.Adam.of(1e-3f));
    for (Optimizer optimizer : optimizers) {
      float[] whole = updated(device, optimizer, 0, 1000);
      float[] cut = updated(device, optimizer, 0, 1, 17, 333, 512, 999, 1000);

      assertArrayEquals(bits(whole), bits(cut), optimizer.toString());
    }
  }

  @Test
  void kernelsKeepTheirBitsOnUnalignedMemory() {
    int n = 100;
    long bytes = 3L * n * Float.BYTES;
    float[] numbers = random(3 * n, 5);
    try (Arena arena = Arena.ofConfined()) {
      int[][] results = new int[4][];
      for (int shift = 0; shift < 4; shift++) {
        MemorySegment x = arena.allocate(bytes + 64, 64).asSlice(shift * 4L, bytes);
        MemorySegment out = arena.allocate(bytes + 64, 64).asSlice(shift * 8L, bytes);
        MemorySegment.copy(MemorySegment.ofArray(numbers), 0, x, 0, bytes);
        new SoftmaxKernels(n).softmax(x, out, 3);
        new LayerNormKernels().gradient(out, x, out, 3, n, 1e-6f);
        new ElementwiseKernel(ActivationLoops::sigmoid, 3L * n).run(out, out, out);
        new ElementwiseKernel(ElementLoops::signedLog1p, 3L * n).run(out, out, out);
        results[shift] = bits(out.toArray(ValueLayout.JAVA_FLOAT));
      }

      for (int shift = 1; shift < 4; shift++) {
        assertArrayEquals(results[0], results[shift], "shift=" + shift);
      }
    }
  }

  private static float[] gradients(Device device, Executable executable, int runs) {
    long floats = NETWORK.layout().floats();
    try (Execution execution = executable.newExecution();
        DeviceBuffer parameters = device.allocate(floats);
        DeviceBuffer gradients = device.allocate(floats)) {
      parameters.write(0, MemorySegment.ofArray(NETWORK.initialParameters(3)));
      MemorySegment.copy(
          MemorySegment.ofArray(random(ROWS * 37, 9)),
          0,
          execution.input("features"),
          0,
          ROWS * 37 * 4);
      for (int row = 0; row < ROWS; row++) {
        execution.input("labels").setAtIndex(ValueLayout.JAVA_INT, row, row % 7);
        execution.input("weights").setAtIndex(ValueLayout.JAVA_FLOAT, row, 1f / ROWS);
      }
      for (int i = 0; i < runs; i++) {
        execution.run(parameters, gradients);
      }
      float[] result = new float[(int) floats + 1];
      gradients.read(0, MemorySegment.ofArray(result).asSlice(0, floats * 4));
      result[(int) floats] = execution.output("loss").get(ValueLayout.JAVA_FLOAT, 0);
      return result;
    }
  }

  private static float[] updated(Device device, Optimizer optimizer, int... cuts) {
    int floats = cuts[cuts.length - 1];
    try (DeviceBuffer parameters = device.allocate(floats);
        DeviceBuffer gradient = device.allocate(floats);
        DeviceBuffer first = device.allocate(floats);
        DeviceBuffer second = device.allocate(floats)) {
      parameters.write(0, MemorySegment.ofArray(random(floats, 1)));
      gradient.write(0, MemorySegment.ofArray(random(floats, 2)));
      List<DeviceBuffer> moments = List.of(first, second).subList(0, optimizer.moments());
      for (int step = 1; step <= 3; step++) {
        for (int i = 1; i < cuts.length; i++) {
          device.update(
              optimizer,
              step,
              parameters,
              new SumTree.Term(gradient),
              moments,
              cuts[i - 1],
              cuts[i]);
        }
      }
      float[] result = new float[floats];
      parameters.read(0, MemorySegment.ofArray(result));
      return result;
    }
  }

  static float[] random(int floats, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    float[] numbers = new float[floats];
    for (int i = 0; i < floats; i++) {
      numbers[i] = (float) (random.nextDouble() * 2 - 1);
    }
    return numbers;
  }

  static int[] bits(float[] numbers) {
    int[] bits = new int[numbers.length];
    Arrays.setAll(bits, i -> Float.floatToRawIntBits(numbers[i]));
    return bits;
  }
}
