package io.tidemill.device.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.tidemill.device.Device;
import io.tidemill.device.DeviceBuffer;
import io.tidemill.device.SumTree;
import io.tidemill.program.Optimizer;
import io.tidemill.tensor.SafeTensors;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Against what PyTorch computes, step for step: src/test/python/optimizers.py. */
final class OptimizerFixtureTest {
  private static final int FLOATS = 37;
  private static final int STEPS = 4;
  private static final Device DEVICE = CpuDevice.open();
  private static final Map<String, float[]> FIXTURE = new HashMap<>();

  @BeforeAll
  static void read(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("optimizers.safetensors");
    try (InputStream resource =
            OptimizerFixtureTest.class.getResourceAsStream("/fixtures/optimizers.safetensors");
        Arena arena = Arena.ofConfined()) {
      Files.copy(resource, file);
      SafeTensors.map(file, arena)
          .tensors()
          .forEach(t -> FIXTURE.put(t.name(), t.data().toArray(ValueLayout.JAVA_FLOAT)));
    }
  }

  @Test
  void sgdIsThatOfPyTorch() {
    assertSame("sgd", Optimizer.Sgd.of(0.1f));
    assertSame("momentum", Optimizer.Sgd.of(0.1f, 0.9f));
    assertSame("nesterov", new Optimizer.Sgd(0.1f, 0.9f, true));
  }

  @Test
  void adamIsThatOfPyTorch() {
    assertSame("adam", Optimizer.Adam.of(0.01f).withBetas(0.9f, 0.99f));
  }

  @Test
  void adamWIsThatOfPyTorch() {
    assertSame("adamW", Optimizer.AdamW.of(0.01f, 0.1f).withBetas(0.9f, 0.99f));
  }

  @Test
  void adamWWithoutDecayIsAdam() {
    assertSame("adam", Optimizer.AdamW.of(0.01f, 0.1f).withBetas(0.9f, 0.99f).withoutDecay());
  }

  @Test
  void adagradIsThatOfPyTorch() {
    assertSame("adagrad", Optimizer.Adagrad.of(0.1f));
  }

  @Test
  void clippingByTheNormIsThatOfPyTorch() {
    try (DeviceBuffer gradient = DEVICE.allocate(FLOATS)) {
      gradient.write(0, MemorySegment.ofArray(row("gradients", 0)));

      double norm = Math.sqrt(DEVICE.sumOfSquares(gradient, 0, FLOATS));
      DEVICE.scale(gradient, (float) (1 / (norm + 1e-6)), 0, FLOATS);

      assertEquals(FIXTURE.get("norm")[0], norm, 1e-6);
      assertArrayEquals(FIXTURE.get("clipped"), read(gradient), 1e-7f);
    }
  }

  /** The tolerance is a few units in the last place of numbers up to 4. */
  private static void assertSame(String name, Optimizer optimizer) {
    try (DeviceBuffer parameters = DEVICE.allocate(FLOATS);
        DeviceBuffer gradient = DEVICE.allocate(FLOATS);
        DeviceBuffer first = DEVICE.allocate(FLOATS);
        DeviceBuffer second = DEVICE.allocate(FLOATS)) {
      parameters.write(0, MemorySegment.ofArray(FIXTURE.get("start")));
      List<DeviceBuffer> moments = List.of(first, second).subList(0, optimizer.moments());
      for (int step = 1; step <= STEPS; step++) {
        gradient.write(0, MemorySegment.ofArray(row("gradients", step - 1)));
        DEVICE.update(optimizer, step, parameters, new SumTree.Term(gradient), moments, 0, FLOATS);
        assertArrayEquals(row(name, step - 1), read(parameters), 1e-6f, name + " step=" + step);
      }
    }
  }

  private static float[] row(String name, int row) {
    return Arrays.copyOfRange(FIXTURE.get(name), row * FLOATS, (row + 1) * FLOATS);
  }

  private static float[] read(DeviceBuffer buffer) {
    float[] floats = new float[FLOATS];
    buffer.read(0, MemorySegment.ofArray(floats));
    return floats;
  }
}
