package io.tidemill.device.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemill.device.Device;
import io.tidemill.device.Execution;
import io.tidemill.program.Op;
import io.tidemill.program.OpCase;
import io.tidemill.program.Program;
import io.tidemill.tensor.Shape;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What holds of convolution and pooling beyond their numbers, which KernelTest checks. */
final class ConvolutionTest {
  private static final int RUNS = 20;
  private static final Shape IMAGES = Shape.of(3, 9, 8, 20);
  private static final Shape WEIGHT = Shape.of(3, 3, 10, 6);
  private static final Shape RESULT = Shape.of(3, 5, 4, 6);
  private static final Shape POOLED = Shape.of(3, 5, 4, 20);

  private static final List<OpCase> CASES =
      List.of(
          new OpCase(new Op.Conv2d(2, 1, 2), List.of(IMAGES, WEIGHT), 0),
          new OpCase(new Op.Conv2dInputGradient(2, 1, 2, 9, 8), List.of(WEIGHT, RESULT), 0),
          new OpCase(new Op.Conv2dWeightGradient(2, 1, 2, 3, 3), List.of(IMAGES, RESULT), 0),
          new OpCase(new Op.MaxPool2d(3, 2, 1), List.of(IMAGES), 0),
          new OpCase(new Op.MaxPool2dGradient(3, 2, 1), List.of(IMAGES, POOLED, POOLED), 0),
          new OpCase(new Op.AveragePool2d(3, 2, 1), List.of(IMAGES), 0),
          new OpCase(new Op.AveragePool2dGradient(3, 2, 1, 9, 8), List.of(POOLED), 0));

  record Case(Primitives primitives, OpCase opCase) {
    @Override
    public String toString() {
      return primitives.description() + ": " + opCase;
    }
  }

  static List<Case> cases() {
    return Stream.of(NativeSelection.primitives(), Primitives.vector())
        .flatMap(each -> CASES.stream().map(opCase -> new Case(each, opCase)))
        .toList();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void bitsAreTheSameInEachRunAndOnTwoThreadsAtOnce(Case given) throws Exception {
    Callable<List<double[]>> runs =
        () -> IntStream.range(0, RUNS).mapToObj(_ -> result(given)).toList();
    double[] expected = result(given);

    List<double[]> found = new ArrayList<>();
    try (ExecutorService threads = Executors.newFixedThreadPool(2)) {
      for (Future<List<double[]>> each : threads.invokeAll(List.of(runs, runs))) {
        found.addAll(each.get());
      }
    }

    assertEquals(2 * RUNS, found.size());
    found.forEach(each -> assertArrayEquals(expected, each));
  }

  private static double[] result(Case given) {
    Program program = ProgramRun.program(given.opCase());
    Device device = new CpuDevice(given.primitives());
    return ProgramRun.run(device, program, ProgramRun.numbers(given.opCase(), 3));
  }

  @Test
  void whatIsNativeIsDestroyedWithTheExecution() {
    Dnnl dnnl = dnnl();
    Device device = new CpuDevice(Primitives.of(dnnl));
    int before = dnnl.live();
    try (Execution _ = device.compile(ProgramRun.program(CASES.getFirst())).newExecution()) {

      assertTrue(dnnl.live() > before);
    }

    assertEquals(before, dnnl.live());
  }

  @Test
  void refusesAClosedBuffer() {
    Dnnl dnnl = dnnl();
    Convolution convolution = new Convolution(1, 4, 4, 1, 1, 1, 1, 1, 0, 1);
    MemorySegment closed = closed();
    try (Arena owner = Arena.ofConfined()) {
      Gemm.Product forward = Primitives.of(dnnl).convolutions().forward(convolution, owner);

      assertThrows(IllegalStateException.class, () -> forward.run(closed, closed, closed));
    }
  }

  private static MemorySegment closed() {
    try (Arena arena = Arena.ofConfined()) {
      return arena.allocate(64, 64);
    }
  }

  private static Dnnl dnnl() {
    Convolutions convolutions = NativeSelection.primitives().convolutions();
    Assumptions.assumeTrue(
        convolutions instanceof DnnlConvolutions, "skipped: oneDNN cannot be loaded here");
    return ((DnnlConvolutions) convolutions).dnnl();
  }
}
