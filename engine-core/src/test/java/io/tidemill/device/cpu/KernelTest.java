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
  private static final List<Primitives> PRIMITIVES =
      List.of(NativeSelection.primitives(), Primitives.vector());

  static Stream<OpCase> cases() {
    return Stream.of(
            OpCase.all(1, 1),
            OpCase.all(1, 2),
            OpCase.all(3, 7),
            OpCase.all(5, 16),
            OpCase.all(2, 33),
            OpCase.all(13, 100),
            OpCase.sequences(1, 1, 1),
            OpCase.sequences(2, 3, 7),
            OpCase.sequences(3, 5, 16),
            OpCase.sequences(2, 17, 17),
            OpCase.sequences(2, 33, 33),
            OpCase.sequences(5, 2, 130),
            OpCase.images(1, 5, 5, 1),
            OpCase.images(3, 6, 9, 4),
            OpCase.images(2, 8, 7, 16),
            OpCase.images(2, 11, 5, 33))
        .flatMap(List::stream);
  }

  @ParameterizedTest
  @MethodSource("cases")
  void kernelAgreesWithOracle(OpCase opCase) {
    Program program = ProgramRun.program(opCase);
    Map<String, double[]> given = ProgramRun.numbers(opCase, 11);
    double[] expected = Oracle.evaluate(program, given)[program.outputs().get("y")];
    for (Primitives primitives : PRIMITIVES) {
      try (Device device = new CpuDevice(primitives)) {

        double[] actual = ProgramRun.run(device, program, given);

        assertEquals(expected.length, actual.length);
        double scale = Math.max(1, Arrays.stream(expected).map(Math::abs).max().orElse(1));
        assertArrayEquals(expected, actual, TOLERANCE * scale, primitives.description());
      }
    }
  }
}
