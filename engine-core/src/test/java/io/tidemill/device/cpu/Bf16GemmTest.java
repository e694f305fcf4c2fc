package io.tidemill.device.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.tidemill.device.Device;
import io.tidemill.error.EngineException;
import io.tidemill.program.Op;
import io.tidemill.program.OpCase;
import io.tidemill.program.Oracle;
import io.tidemill.program.Program;
import io.tidemill.tensor.Shape;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class Bf16GemmTest {
  @ParameterizedTest
  @CsvSource({"false, false", "true, false", "false, true", "true, true"})
  void multipliesOperandsRoundedToBf16AndSumsInFloat32(boolean left, boolean right) {
    Dnnl dnnl = dnnl();
    Assumptions.assumeTrue(dnnl.hasBf16(), "skipped: this CPU cannot multiply bf16");
    Shape a = left ? Shape.of(33, 5) : Shape.of(5, 33);
    Shape b = right ? Shape.of(18, 33) : Shape.of(33, 18);
    OpCase product = new OpCase(new Op.MatMul(left, right), List.of(a, b), 0);
    Program program = ProgramRun.program(product);
    Map<String, double[]> given = ProgramRun.numbers(product, 4);
    Map<String, double[]> rounded = new LinkedHashMap<>();
    given.forEach((name, numbers) -> rounded.put(name, bf16(numbers)));
    double[] expected = Oracle.evaluate(program, rounded)[program.outputs().get("y")];

    double[] actual;
    try (Device device = new CpuDevice(Primitives.bf16(dnnl))) {
      actual = ProgramRun.run(device, program, given);
    }

    assertArrayEquals(expected, actual, 1e-4);
  }

  @Test
  void refusesACpuWithoutBf16() {
    Dnnl dnnl = dnnl();
    Assumptions.assumeFalse(dnnl.hasBf16(), "skipped: this CPU multiplies bf16");

    EngineException refusal = assertThrows(EngineException.class, () -> Primitives.bf16(dnnl));

    assertEquals(
        "bf16: this CPU cannot multiply it: expected AVX-512 with BF16, found "
            + dnnl.description()
            + "; train in float32",
        refusal.getMessage());
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

  private static Dnnl dnnl() {
    Convolutions convolutions = NativeSelection.primitives().convolutions();
    Assumptions.assumeTrue(
        convolutions instanceof DnnlConvolutions, "skipped: oneDNN cannot be loaded here");
    return ((DnnlConvolutions) convolutions).dnnl();
  }
}
