package io.tidemill.device.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.tidemill.device.Device;
import io.tidemill.device.DeviceBuffer;
import io.tidemill.device.SumTree;
import io.tidemill.device.cpu.x86.Cpu;
import io.tidemill.program.Op;
import io.tidemill.program.OpCase;
import io.tidemill.program.Optimizer;
import io.tidemill.program.Program;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Machine code and the Vector API's loops give the same bits, wherever an element lies. */
final class MachineCodeTest {
  private static final int FLOATS = 1003;
  private static final float[] SPECIAL = {
    0,
    -0f,
    1,
    -1,
    Float.NaN,
    Float.POSITIVE_INFINITY,
    Float.NEGATIVE_INFINITY,
    Float.MIN_VALUE,
    -Float.MIN_VALUE,
    Float.MAX_VALUE,
    1e-30f,
    88.5f,
    -104.5f,
    15.5f,
    -40.5f
  };

  private final Device code = CpuDevice.open();
  private final Device loops = new CpuDevice(Primitives.vector());

  @BeforeEach
  void needsAvx2() {
    assumeTrue(Cpu.current().avx2(), "this processor has no AVX2: its machine code is not tested");
  }

  static Stream<OpCase> cases() {
    return Stream.of(
            OpCase.all(1, 1),
            OpCase.all(3, 7),
            OpCase.all(5, 16),
            OpCase.all(13, 100),
            OpCase.sequences(2, 3, 7),
            OpCase.sequences(2, 33, 33))
        .flatMap(List::stream)
        .filter(one -> hasTheBitsOfLoops(one.op()));
  }

  private static boolean hasTheBitsOfLoops(Op op) {
    return switch (op) {
      case Op.Elementwise _ -> true;
      case Op.AddBias _, Op.AddBiasRelu _, Op.ScaleFeatures _, Op.Standardize _, Op.SumRows _ ->
          true;
      default -> false;
    };
  }

  @ParameterizedTest
  @MethodSource("cases")
  void operationHasTheBitsOfLoops(OpCase opCase) {
    Program program = ProgramRun.program(opCase);
    Map<String, double[]> given = ProgramRun.numbers(opCase, 7);
    given.values().forEach(MachineCodeTest::sprinkle);

    assertArrayEquals(ProgramRun.run(loops, program, given), ProgramRun.run(code, program, given));
  }

  @Test
  void updatesHaveTheBitsOfLoops() {
    for (Optimizer optimizer :
        List.of(
            Optimizer.Sgd.of(0.1f),
            Optimizer.Sgd.of(0.1f, 0.9f),
            new Optimizer.Sgd(0.1f, 0.9f, true),
            Optimizer.Adam.of(1e-3f),
            Optimizer.AdamW.of(1e-3f, 0.1f),
            new Optimizer.Adagrad(0.1f, 1e-8f))) {
      for (int from : new int[] {0, 3, 8}) {
        for (int to : new int[] {from, from + 1, 16, 21, FLOATS}) {
          for (int terms : new int[] {1, 2, 3, 8, 27, 100}) {
            List<float[]> expected = update(loops, optimizer, terms, from, to);
            List<float[]> actual = update(code, optimizer, terms, from, to);
            String what = optimizer + " " + terms + " terms " + from + " " + to;
            for (int i = 0; i < expected.size(); i++) {
              assertArrayEquals(expected.get(i), actual.get(i), what);
            }
          }
        }
      }
    }
  }

  @Test
  void rangesAreScaledAveragedAndClearedAsByLoops() {
    for (int from : new int[] {0, 5}) {
      for (int to : new int[] {from, 7, 24, FLOATS}) {
        assertArrayEquals(ranges(loops, from, to), ranges(code, from, to));
      }
    }
  }

  @Test
  void treesOfAnySizeHaveTheBitsOfLoops() {
    for (int terms : new int[] {1, 2, 3, 5, 8, 13, 64, 100}) {
      assertArrayEquals(sum(loops, terms, 3, FLOATS), sum(code, terms, 3, FLOATS));
    }
  }

  private static List<float[]> update(
      Device device, Optimizer optimizer, int terms, int from, int to) {
    SplittableRandom random = new SplittableRandom(3);
    try (DeviceBuffer parameters = buffer(device, random);
        DeviceBuffer first = device.allocate(FLOATS);
        DeviceBuffer second = device.allocate(FLOATS)) {
      List<DeviceBuffer> moments = List.of(first, second).subList(0, optimizer.moments());
      for (int step = 1; step <= 3; step++) {
        List<DeviceBuffer> gradients =
            Stream.generate(() -> buffer(device, random)).limit(terms).toList();
        device.update(optimizer, step, parameters, SumTree.of(gradients), moments, from, to);
        gradients.forEach(DeviceBuffer::close);
      }
      return Stream.of(parameters, first, second).map(MachineCodeTest::read).toList();
    }
  }

  private static float[] ranges(Device device, int from, int to) {
    SplittableRandom random = new SplittableRandom(5);
    try (DeviceBuffer numbers = buffer(device, random);
        DeviceBuffer news = buffer(device, random)) {
      device.average(numbers, news, 0.9f, from, to);
      device.scale(numbers, -0.3f, from, to);
      device.clear(numbers, to / 2, to);
      return read(numbers);
    }
  }

  private static float[] sum(Device device, int count, int from, int to) {
    SplittableRandom random = new SplittableRandom(9);
    List<DeviceBuffer> terms = new ArrayList<>();
    IntStream.range(0, count).forEach(_ -> terms.add(buffer(device, random)));
    device.treeSum(SumTree.of(terms), terms.getFirst(), from, to);
    float[] sum = read(terms.getFirst());
    terms.forEach(DeviceBuffer::close);
    return sum;
  }

  private static DeviceBuffer buffer(Device device, SplittableRandom random) {
    float[] numbers = new float[FLOATS];
    for (int i = 0; i < FLOATS; i++) {
      numbers[i] = (float) random.nextGaussian();
    }
    DeviceBuffer buffer = device.allocate(FLOATS);
    buffer.write(0, MemorySegment.ofArray(numbers));
    return buffer;
  }

  private static float[] read(DeviceBuffer buffer) {
    float[] numbers = new float[FLOATS];
    buffer.read(0, MemorySegment.ofArray(numbers));
    return numbers;
  }

  /** Puts special values among the numbers, some at the end, where vectors are masked. */
  private static void sprinkle(double[] numbers) {
    for (int i = 0; i < SPECIAL.length; i++) {
      int at = i * 7 + 1;
      if (at < numbers.length) {
        numbers[at] = SPECIAL[i];
      }
      if (numbers.length > 200) {
        numbers[numbers.length - 1 - i] = SPECIAL[i];
      }
    }
  }
}
