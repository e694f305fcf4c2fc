package io.tidemill.device.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import io.tidemill.device.Device;
import io.tidemill.program.Op;
import io.tidemill.program.OpCase;
import io.tidemill.program.Oracle;
import io.tidemill.program.Program;
import io.tidemill.tensor.Shape;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class PoolTest {
  private static final double NAN = Double.NaN;
  private static final Device DEVICE = CpuDevice.open();

  @ParameterizedTest
  @ValueSource(ints = {1, 3, 16, 17, 40})
  void theGradientOfAMaximumGoesToTheFirstLargest(int channels) {
    for (Op.MaxPool2d pool :
        List.of(new Op.MaxPool2d(2, 2, 0), new Op.MaxPool2d(3, 2, 1), new Op.MaxPool2d(3, 1, 1))) {
      Shape images = Shape.of(2, 7, 6, channels);
      // Few different numbers, so that most windows hold their largest more than once.
      double[] x = integers(images, 3, 5);
      OpCase forward = new OpCase(pool, List.of(images), 0);
      Program pooling = ProgramRun.program(forward);
      double[] y = ProgramRun.run(DEVICE, pooling, Map.of("x0", x));
      Shape pooled = pooling.value(pooling.outputs().get("y")).shape();
      Op gradient = new Op.MaxPool2dGradient(pool.window(), pool.stride(), pool.padding());
      Program backward =
          ProgramRun.program(new OpCase(gradient, List.of(images, pooled, pooled), 0));
      Map<String, double[]> given = Map.of("x0", x, "x1", y, "x2", integers(pooled, 100, 6));

      double[] dx = ProgramRun.run(DEVICE, backward, given);

      double[] expected = Oracle.evaluate(backward, given)[backward.outputs().get("y")];
      assertArrayEquals(expected, dx);
    }
  }

  @Test
  void theMaximumOfAWindowWithNanIsNan() {
    double[] y = max(new double[] {1, NAN, 3, 2, 5, 4, 7, 6});

    assertArrayEquals(new double[] {NAN, 7}, y);
  }

  @Test
  void paddingIsLessThanAnyNumber() {
    OpCase padded = new OpCase(new Op.MaxPool2d(2, 2, 1), List.of(Shape.of(1, 2, 2, 1)), 0);

    double[] y =
        ProgramRun.run(
            DEVICE,
            ProgramRun.program(padded),
            Map.of("x0", new double[] {-1, -2, Double.NEGATIVE_INFINITY, -4}));

    assertArrayEquals(new double[] {-1, -2, Double.NEGATIVE_INFINITY, -4}, y);
  }

  /** Windows of 2 on one image of two lines and four columns, one channel. */
  private static double[] max(double[] columns) {
    double[] image = new double[8];
    for (int i = 0; i < 4; i++) {
      image[i] = columns[2 * i];
      image[4 + i] = columns[2 * i + 1];
    }
    OpCase pool = new OpCase(new Op.MaxPool2d(2, 2, 0), List.of(Shape.of(1, 2, 4, 1)), 0);
    return ProgramRun.run(DEVICE, ProgramRun.program(pool), Map.of("x0", image));
  }

  private static double[] integers(Shape shape, int bound, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    return random.ints(shape.elements(), -bound, bound).asDoubleStream().toArray();
  }
}
