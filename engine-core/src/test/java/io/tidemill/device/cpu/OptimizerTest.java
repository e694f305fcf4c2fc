package io.tidemill.device.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.tidemill.device.Device;
import io.tidemill.device.DeviceBuffer;
import io.tidemill.device.SumTree;
import io.tidemill.error.EngineException;
import io.tidemill.program.Optimizer;
import io.tidemill.program.Optimizer.Adam;
import io.tidemill.program.Optimizer.Sgd;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Three steps with the gradients 1, -2, 0.5 from parameter 1, against the formulas in double. */
final class OptimizerTest {
  private static final float[] GRADIENTS = {1, -2, 0.5f};
  private static final int FLOATS = 37;
  private static final Device DEVICE = CpuDevice.open();

  @Test
  void descendsByTheGradient() {
    assertEquals(1 - 0.1 * (1 - 2 + 0.5), descend(Sgd.of(0.1f)), 1e-6);
  }

  @Test
  void momentumRemembersVelocity() {
    double v1 = 1;
    double v2 = 0.9 * v1 - 2;
    double v3 = 0.9 * v2 + 0.5;

    assertEquals(1 - 0.1 * (v1 + v2 + v3), descend(Sgd.of(0.1f, 0.9f)), 1e-6);
  }

  @Test
  void nesterovLooksAhead() {
    double v1 = 1;
    double v2 = 0.9 * v1 - 2;
    double v3 = 0.9 * v2 + 0.5;
    double moved = (1 + 0.9 * v1) + (-2 + 0.9 * v2) + (0.5 + 0.9 * v3);

    assertEquals(1 - 0.1 * moved, descend(new Sgd(0.1f, 0.9f, true)), 1e-6);
  }

  @Test
  void adamCorrectsItsBias() {
    double p = 1;
    double m = 0;
    double v = 0;
    for (int step = 1; step <= 3; step++) {
      double g = GRADIENTS[step - 1];
      m = 0.9 * m + 0.1 * g;
      v = 0.999 * v + 0.001 * g * g;
      double first = m / (1 - Math.pow(0.9, step));
      double second = v / (1 - Math.pow(0.999, step));
      p -= 0.01 * first / (Math.sqrt(second) + 1e-8);
    }

    assertEquals(p, descend(Adam.of(0.01f)), 1e-6);
  }

  @Test
  void zeroGradientsMoveNothing() {
    for (Optimizer optimizer : List.of(Sgd.of(1), Sgd.of(1, 0.5f), Adam.of(1))) {
      assertArrayEquals(filled(1), run(optimizer, new float[] {0, 0, 0}));
    }
  }

  @Test
  void refusesRatesThatCannotBeMeant() {
    assertEquals(
        "optimizer learningRate expected a finite number above 0, found -1.0",
        assertThrows(EngineException.class, () -> Sgd.of(-1)).getMessage());
    assertEquals(
        "optimizer beta1 expected a number in [0, 1), found 1.0",
        assertThrows(EngineException.class, () -> new Adam(1, 1, 0, 1)).getMessage());
  }

  @Test
  void refusesTheWrongNumberOfMoments() {
    DeviceBuffer buffer = DEVICE.allocate(4);

    assertEquals(
        "an update expects step 1 or later and 2 moments, found step 1 and 0 moments",
        assertThrows(
                EngineException.class,
                () ->
                    DEVICE.update(Adam.of(1), 1, buffer, new SumTree.Term(buffer), List.of(), 0, 4))
            .getMessage());
  }

  private static double descend(Optimizer optimizer) {
    float[] parameters = run(optimizer, GRADIENTS);
    assertArrayEquals(filled(parameters[0]), parameters, "vector and tail differ");
    return parameters[0];
  }

  private static float[] run(Optimizer optimizer, float[] gradients) {
    try (DeviceBuffer parameters = DEVICE.allocate(FLOATS);
        DeviceBuffer gradient = DEVICE.allocate(FLOATS);
        DeviceBuffer first = DEVICE.allocate(FLOATS);
        DeviceBuffer second = DEVICE.allocate(FLOATS)) {
      parameters.write(0, MemorySegment.ofArray(filled(1)));
      List<DeviceBuffer> moments = List.of(first, second).subList(0, optimizer.moments());
      for (int step = 1; step <= gradients.length; step++) {
        gradient.write(0, MemorySegment.ofArray(filled(gradients[step - 1])));
        DEVICE.update(optimizer, step, parameters, new SumTree.Term(gradient), moments, 0, FLOATS);
      }
      float[] result = new float[FLOATS];
      parameters.read(0, MemorySegment.ofArray(result));
      return result;
    }
  }

  private static float[] filled(float number) {
    float[] floats = new float[FLOATS];
    Arrays.fill(floats, number);
    return floats;
  }
}
