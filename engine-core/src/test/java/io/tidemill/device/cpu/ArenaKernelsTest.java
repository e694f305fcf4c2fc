package io.tidemill.device.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemill.device.Device;
import io.tidemill.device.DeviceBuffer;
import java.lang.foreign.MemorySegment;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class ArenaKernelsTest {
  private static final Device DEVICE = CpuDevice.open();

  @ParameterizedTest
  @ValueSource(ints = {1, 15, 16, 37, 1000})
  void scalesOnlyTheRange(int floats) {
    float[] numbers = random(floats + 2);
    try (DeviceBuffer buffer = buffer(numbers)) {
      DEVICE.scale(buffer, 0.1f, 1, floats + 1);

      float[] expected = numbers.clone();
      for (int i = 1; i <= floats; i++) {
        expected[i] *= 0.1f;
      }
      assertArrayEquals(expected, read(buffer));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 15, 16, 37, 1000})
  void averagesByTheMomentum(int floats) {
    float[] before = random(floats);
    float[] news = random(floats);
    try (DeviceBuffer averages = buffer(before);
        DeviceBuffer batch = buffer(news)) {
      DEVICE.average(averages, batch, 0.9f, 0, floats);

      float[] expected = new float[floats];
      for (int i = 0; i < floats; i++) {
        expected[i] = Math.fma(before[i], 0.9f, news[i] * (1 - 0.9f));
      }
      assertArrayEquals(expected, read(averages));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 15, 16, 37, 1000})
  void sumsSquaresInDouble(int floats) {
    float[] numbers = random(floats);
    double expected = 0;
    for (float number : numbers) {
      expected += (double) number * number;
    }
    try (DeviceBuffer buffer = buffer(numbers)) {
      assertEquals(expected, DEVICE.sumOfSquares(buffer, 0, floats), expected * 1e-14);
    }
  }

  @Test
  void squaresNeitherOverflowNorHideWhatIsNotFinite() {
    float[] numbers = random(40);
    numbers[20] = 1e30f;
    try (DeviceBuffer buffer = buffer(numbers)) {
      assertEquals(1e60, DEVICE.sumOfSquares(buffer, 0, 40), 1e54);
    }
    numbers[39] = Float.NEGATIVE_INFINITY;
    try (DeviceBuffer buffer = buffer(numbers)) {
      assertEquals(Double.POSITIVE_INFINITY, DEVICE.sumOfSquares(buffer, 0, 40));
      assertTrue(Double.isFinite(DEVICE.sumOfSquares(buffer, 0, 39)));
    }
    numbers[3] = Float.NaN;
    try (DeviceBuffer buffer = buffer(numbers)) {
      assertTrue(Double.isNaN(DEVICE.sumOfSquares(buffer, 0, 40)));
    }
  }

  private static DeviceBuffer buffer(float[] numbers) {
    DeviceBuffer buffer = DEVICE.allocate(numbers.length);
    buffer.write(0, MemorySegment.ofArray(numbers));
    return buffer;
  }

  private static float[] read(DeviceBuffer buffer) {
    float[] floats = new float[(int) buffer.floats()];
    buffer.read(0, MemorySegment.ofArray(floats));
    return floats;
  }

  private static float[] random(int floats) {
    Random random = new Random(floats);
    float[] numbers = new float[floats];
    for (int i = 0; i < floats; i++) {
      numbers[i] = (float) random.nextGaussian();
    }
    return numbers;
  }
}
