package io.tidemill.device.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemill.device.Device;
import io.tidemill.program.Op;
import io.tidemill.program.OpCase;
import io.tidemill.tensor.Shape;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class SpecialValuesTest {
  private static final double NAN = Double.NaN;
  private static final double INF = Double.POSITIVE_INFINITY;
  private static final Device DEVICE = CpuDevice.open();

  @Test
  void reluKeepsNanAndCutsInfinity() {
    double[] y = run(new Op.Relu(), matrix(1, 4), new double[] {NAN, -INF, INF, -1});

    assertArrayEquals(new double[] {NAN, 0, INF, 0}, y);
  }

  @Test
  void sigmoidReachesItsLimits() {
    double[] y = run(new Op.Sigmoid(), matrix(1, 5), new double[] {INF, -INF, NAN, 200, -200});

    assertArrayEquals(new double[] {1, 0, NAN, 1, 0}, y);
  }

  @Test
  void signedLog1pIsOddAndKeepsNanAndInfinities() {
    double[] x = {INF, -INF, NAN, 0, -0.0, 1, -1, Float.MAX_VALUE, Float.MIN_VALUE};

    double[] y = run(new Op.SignedLog1p(), matrix(1, 9), x);

    double ln2 = (float) Math.log(2);
    double top = (float) (128 * Math.log(2));
    assertArrayEquals(new double[] {INF, -INF, NAN, 0, -0.0, ln2, -ln2, top, Float.MIN_VALUE}, y);
  }

  @Test
  void softmaxOfLargeLogitsStaysFinite() {
    double[] y = run(new Op.Softmax(), matrix(2, 2), new double[] {1e30, 1e30, 1000, -1000});

    assertArrayEquals(new double[] {0.5, 0.5, 1, 0}, y);
  }

  @Test
  void softmaxOfARowWithNanIsNanAndSparesTheOtherRows() {
    double[] y = run(new Op.Softmax(), matrix(2, 2), new double[] {NAN, 1, 3, 3});

    assertArrayEquals(new double[] {NAN, NAN, 0.5, 0.5}, y);
  }

  @Test
  void layerNormOfAConstantRowIsZero() {
    double[] x = new double[28];
    Arrays.fill(x, 0.1f);

    double[] y = run(new Op.LayerNorm(1e-12f), matrix(1, 28), x);

    assertArrayEquals(new double[28], y);
  }

  @Test
  void layerNormDoesNotDependOnScale() {
    double[] small = new double[] {0, 0.25, 0.5, 1};
    double[] large = new double[] {0, 64, 128, 256};

    assertArrayEquals(
        run(new Op.LayerNorm(1e-12f), matrix(1, 4), small),
        run(new Op.LayerNorm(1e-12f), matrix(1, 4), large),
        1e-6);
  }

  @Test
  void lossSkipsRowsOfWeightZeroWhateverTheyHold() {
    List<Shape> shapes = List.of(Shape.of(2, 2), Shape.of(2), Shape.of(2));
    double[] loss =
        run(
            new OpCase(new Op.SoftmaxCrossEntropy(), shapes, 0),
            new double[] {0, 0, NAN, INF},
            new double[] {1, 99},
            new double[] {1, 0});

    assertEquals(Math.log(2), loss[0], 1e-6);
  }

  @Test
  void gradientIsZeroForRowsOfWeightZeroWhateverTheyHold() {
    List<Shape> shapes = List.of(Shape.of(2, 2), Shape.of(2), Shape.of(2), Shape.of());
    double[] dx =
        run(
            new OpCase(new Op.SoftmaxCrossEntropyGradient(), shapes, 0),
            new double[] {0, 0, NAN, INF},
            new double[] {1, 99},
            new double[] {1, 0},
            new double[] {1});

    assertArrayEquals(new double[] {0.5, -0.5, 0, 0}, dx, 1e-6);
  }

  @Test
  void aLabelOutsideTheClassesGivesNan() {
    List<Shape> shapes = List.of(Shape.of(1, 2), Shape.of(1), Shape.of(1));
    double[] loss =
        run(
            new OpCase(new Op.SoftmaxCrossEntropy(), shapes, 0),
            new double[] {0, 0},
            new double[] {2},
            new double[] {1});

    assertTrue(Double.isNaN(loss[0]));
  }

  @Test
  void binaryLossOfLargeLogitsStaysFinite() {
    List<Shape> shapes = List.of(Shape.of(2, 1), Shape.of(2), Shape.of(2));
    double[] loss =
        run(
            new OpCase(new Op.BinaryCrossEntropy(), shapes, 0),
            new double[] {1000, -1000},
            new double[] {0, 0},
            new double[] {1, 1});

    assertEquals(1000, loss[0]);
  }

  @Test
  void argMaxTakesTheFirstOfEquals() {
    double[] y = run(new Op.ArgMax(), matrix(2, 3), new double[] {1, 5, 5, -1, -2, -1});

    assertArrayEquals(new double[] {1, 0}, y);
  }

  private static List<Shape> matrix(int rows, int n) {
    return List.of(Shape.of(rows, n));
  }

  private static double[] run(Op op, List<Shape> shapes, double[] x) {
    return run(new OpCase(op, shapes, 0), x);
  }

  private static double[] run(OpCase opCase, double[]... operands) {
    Map<String, double[]> given = new HashMap<>();
    for (int i = 0; i < operands.length; i++) {
      given.put("x" + i, operands[i]);
    }
    return ProgramRun.run(DEVICE, ProgramRun.program(opCase), given);
  }
}
