package io.tidemill.network;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemill.device.Device;
import io.tidemill.device.cpu.CpuDevice;
import io.tidemill.network.PyTorchFixture.Computed;
import io.tidemill.tensor.NamedTensor;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Layers and losses against what PyTorch computes in float64: results and all gradients, from files
 * that {@code src/test/python/layers.py} writes.
 *
 * <p>A number may be wrong by {@value #TOLERANCE} of the largest in its tensor, 34 units in the
 * last place of float32: sums here have up to 200 terms. The worst that was found is 7e-7, on
 * AVX-512; a wrong formula is off by a thousand times the tolerance.
 */
final class PyTorchTest {
  private static final double TOLERANCE = 4e-6;
  private static final String NATIVE = "tidemill.cpu.native";

  static List<Path> fixtures() throws IOException, URISyntaxException {
    Path folder = Path.of(PyTorchTest.class.getResource("/fixtures/layers").toURI());
    try (Stream<Path> files = Files.list(folder)) {
      return files.sorted().toList();
    }
  }

  private static Device usual;
  private static Device withoutNativeCode;

  @BeforeAll
  static void openDevices() {
    usual = CpuDevice.open();
    String before = System.setProperty(NATIVE, "off");
    withoutNativeCode = CpuDevice.open();
    if (before == null) {
      System.clearProperty(NATIVE);
    } else {
      System.setProperty(NATIVE, before);
    }
  }

  @AfterAll
  static void closeDevices() {
    usual.close();
    withoutNativeCode.close();
  }

  @ParameterizedTest
  @MethodSource("fixtures")
  void computesWhatPyTorchComputes(Path file) {
    compare(file, usual);
  }

  @ParameterizedTest
  @MethodSource("fixtures")
  void computesWhatPyTorchComputesWithoutNativeCode(Path file) {
    compare(file, withoutNativeCode);
  }

  @Test
  void thereAreFixtures() throws Exception {
    assertTrue(fixtures().size() >= 50, fixtures().toString());
  }

  private static void compare(Path file, Device device) {
    try (Arena arena = Arena.ofConfined()) {
      PyTorchFixture fixture = PyTorchFixture.read(file, arena);
      Computed computed = fixture.run(device);
      Map<String, NamedTensor> expected = fixture.expected();
      assertEquals(expected.keySet(), computed.tensors().keySet());
      expected.forEach((name, tensor) -> compare(name, tensor, computed.tensors().get(name)));
    }
  }

  private static void compare(String name, NamedTensor expected, float[] found) {
    float[] numbers = expected.data().toArray(ValueLayout.JAVA_FLOAT);
    assertEquals(numbers.length, found.length, name);
    double largest = 0;
    for (float number : numbers) {
      largest = Math.max(largest, Math.abs(number));
    }
    for (int i = 0; i < numbers.length; i++) {
      String place = name + " " + expected.shape() + " element " + i;
      assertEquals(numbers[i], found[i], TOLERANCE * largest, place);
    }
  }
}
