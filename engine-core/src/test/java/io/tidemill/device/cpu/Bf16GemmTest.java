package io.tidemill.device.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.tidemill.device.Device;
import io.tidemill.error.EngineException;
import io.tidemill.program.Op;
import io.tidemill.program.OpCase;
import io.tidemill.program.Oracle;
import io.tidemill.program.Precision;
import io.tidemill.program.Program;
import io.tidemill.tensor.Shape;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class Bf16GemmTest {
  @ParameterizedTest
  @CsvSource({"false, false", "true, false", "false, true", "true, true"})
  void multipliesOperandsRoundedToBf16AndSumsInFloat32(boolean left, boolean right) {
    Shape a = left ? Shape.of(33, 5) : Shape.of(5, 33);
    Shape b = right ? Shape.of(18, 33) : Shape.of(33, 18);
    OpCase product = new OpCase(new Op.MatMul(left, right), List.of(a, b), 0);
    Program program = ProgramRun.program(product);
    Map<String, double[]> given = ProgramRun.numbers(product, 4);
    Map<String, double[]> rounded = new LinkedHashMap<>();
    given.forEach((name, numbers) -> rounded.put(name, bf16(numbers)));
    double[] expected = Oracle.evaluate(program, rounded)[program.outputs().get("y")];

    try (Device device = CpuDevice.open()) {
      device
          .unavailable(Precision.BF16)
          .ifPresent(reason -> Assumptions.abort("skipped: " + reason));
      double[] actual = ProgramRun.run(device, program, Precision.BF16, given);

      assertArrayEquals(expected, actual, 1e-4);
    }
  }

  @Test
  void refusesWhereNothingMultipliesBf16() {
    String sentence =
        "bf16: this CPU cannot multiply it: expected oneDNN on AVX-512 with BF16, found Vector API,"
            + " "
            + Lanes.SPECIES.vectorBitSize()
            + "-bit; train in float32";
    OpCase product =
        new OpCase(new Op.MatMul(false, false), List.of(Shape.of(2, 3), Shape.of(3, 2)), 0);

    try (Device device = new CpuDevice(Primitives.vector())) {
      assertEquals(Optional.of(sentence), device.unavailable(Precision.BF16));
      assertEquals(Optional.empty(), device.unavailable(Precision.FLOAT32));
      Program program = ProgramRun.program(product);
      assertEquals(
          sentence,
          assertThrows(EngineException.class, () -> device.compile(program, Precision.BF16))
              .getMessage());
    }
  }

  /** To nearest, ties to even: the upper half of a float. */
  private static double[] bf16(double[] numbers) {
    return Arrays.stream(numbers)
        .map(
            number -> {
              int bits = Float.floatToIntBits((float) number);
              int rounded = bits + 0x7fff + ((bits >>> 16) & 1);
              return Float.intBitsToFloat(rounded & 0xffff0000);
            })
        .toArray();
  }
}
