package io.tidemill.device.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemill.device.Device;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
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

  @Test
  void layerNormOfALargeConstantRowIsZeroAtAnyLength() {
    for (int n : new int[] {1, 7, 16, 17, 33, 128}) {
      double[] x = new double[n];
      Arrays.fill(x, 16777213);

      assertArrayEquals(new double[n], run(new Op.LayerNorm(1e-12f), matrix(1, n), x), "n=" + n);
    }
  }

  @Test
  void layerNormKeepsItsPrecisionFarFromZero() {
    double[] x = {1e6, 1e6 + 1, 1e6 + 2, 1e6 + 3};

    double[] y = run(new Op.LayerNorm(1e-12f), matrix(1, 4), x);

    double unit = 1 / Math.sqrt(5);
    assertArrayEquals(new double[] {-3 * unit, -unit, unit, 3 * unit}, y, 1e-6);
  }

  @Test
  void activationsReachTheirLimits() {
    double[] x = {INF, -INF, NAN, 200, -200, -0.0};

    assertArrayEquals(new double[] {1, -1, NAN, 1, -1, -0.0}, run(new Op.Tanh(), matrix(1, 6), x));
    assertArrayEquals(new double[] {INF, 0, NAN, 200, 0, 0}, run(new Op.Gelu(), matrix(1, 6), x));
    assertArrayEquals(
        new double[] {INF, NAN, NAN, 200, -0.0, -0.0}, run(new Op.Silu(), matrix(1, 6), x));
  }

  @Test
  void statisticsOfABatchSkipSamplesOfWeightZeroWhateverTheyHold() {
    List<Shape> shapes = List.of(Shape.of(3, 2), Shape.of(3));
    double[] mean =
        run(
            new OpCase(new Op.BatchMean(), shapes, 0),
            new double[] {1, 2, NAN, INF, 4, 8},
            new double[] {2, 0, 1});

    assertArrayEquals(new double[] {2, 4}, mean);
  }

  @Test
  void statisticsOfNothingAreZero() {
    List<Shape> shapes = List.of(Shape.of(2, 17), Shape.of(2));
    double[] mean =
        run(new OpCase(new Op.BatchMean(), shapes, 0), new double[34], new double[] {0, 0});

    assertArrayEquals(new double[17], mean);
  }

  @Test
  void refusesAnIdOutsideTheTable() {
    List<Shape> shapes = List.of(Shape.of(1, 2), Shape.of(65, 4));
    OpCase opCase = new OpCase(new Op.Embedding(), shapes, 0);

    EngineException refusal =
        assertThrows(
            EngineException.class, () -> run(opCase, new double[] {3, 70}, new double[260]));

    assertEquals(ErrorCode.INVALID_DATA, refusal.code());
    assertEquals("program: id out of range: expected 0 to 64, found 70", refusal.getMessage());
  }

  @Test
  void dropoutKeepsAsManyAsItsRateSays() {
    int n = 100_003;
    double[] ones = new double[n];
    Arrays.fill(ones, 1);
    List<Shape> shapes = List.of(Shape.of(1, n), Shape.of(3));
    OpCase opCase = new OpCase(new Op.Dropout(0.25f, 1), shapes, 0);

    double[] y = run(opCase, ones, new double[] {7, 1, 2});

    double kept = Arrays.stream(y).filter(each -> each != 0).count() / (double) n;
    assertEquals(0.75, kept, 0.005);
    assertEquals((float) (4 / 3.0), Arrays.stream(y).max().orElseThrow());
  }

  @Test
  void aPositionDoesNotReachThoseBeforeIt() {
    List<Shape> shapes = List.of(Shape.of(1, 3, 3));
    OpCase attention = new OpCase(new Op.CausalAttention(1), shapes, 0);

    double[] y = run(attention, new double[] {1, 2, 3, 0, 0, 5, 1, 1, 1});
    double[] other = run(attention, new double[] {1, 2, 3, 0, 0, 5, -9, 1e30, -1e30});

    assertArrayEquals(new double[] {3, 4}, Arrays.copyOf(y, 2));
    assertArrayEquals(new double[] {3, 4}, Arrays.copyOf(other, 2));
  }

  @Test
  void theLargestOfSomethingWithNanIsNan() {
    List<Shape> shapes = List.of(Shape.of(1, 3, 2));
    double[] y =
        run(
            new OpCase(new Op.Reduce(Op.Reduction.MAX, 1), shapes, 0),
            new double[] {1, 2, NAN, 9, 3, -4});

    assertArrayEquals(new double[] {NAN, 9}, y);
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
