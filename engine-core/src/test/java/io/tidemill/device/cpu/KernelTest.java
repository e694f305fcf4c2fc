package io.tidemill.device.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.tidemill.device.Device;
import io.tidemill.program.OpCase;
import io.tidemill.program.Oracle;
import io.tidemill.program.Program;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every kernel against plain loops in double, at sizes around the vector width and at 1. */
final class KernelTest {
  private static final double TOLERANCE = 1e-5;
  private static final List<Gemm> GEMMS = List.of(NativeSelection.primitives(), new VectorGemm());

  static Stream<OpCase> cases() {
    return Stream.of(
            OpCase.all(1, 1),
            OpCase.all(1, 2),
            OpCase.all(3, 7),
            OpCase.all(5, 16),
            OpCase.all(2, 33),
            OpCase.all(13, 100))
        .flatMap(List::stream);
  }

  @ParameterizedTest
  @MethodSource("cases")
  void kernelAgreesWithOracle(OpCase opCase) {
    Program program = ProgramRun.program(opCase);
    Map<String, double[]> given = ProgramRun.numbers(opCase, 11);
    double[] expected = Oracle.evaluate(program, given)[program.outputs().get("y")];
    for (Gemm gemm : GEMMS) {
      try (Device device = new CpuDevice(gemm)) {

        double[] actual = ProgramRun.run(device, program, given);

        assertEquals(expected.length, actual.length);
        double scale = Math.max(1, Arrays.stream(expected).map(Math::abs).max().orElse(1));
        assertArrayEquals(expected, actual, TOLERANCE * scale, gemm.description());
      }
    }
  }
}
