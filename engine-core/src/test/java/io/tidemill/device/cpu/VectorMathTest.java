package io.tidemill.device.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import org.junit.jupiter.api.Test;

final class VectorMathTest {
  private static final double BOUND_ULP = 2;

  @Test
  void exponentialIsWithinTwoUlpOverItsWholeRange() {
    double worst = 0;
    float at = 0;
    int samples = 1_000_000;
    float[] x = new float[Lanes.LENGTH];
    for (int i = 0; i < samples; i += Lanes.LENGTH) {
      for (int lane = 0; lane < x.length; lane++) {
        x[lane] = -104f + 192.7f * (i + lane) / samples;
      }
      float[] y = exp(x);
      for (int lane = 0; lane < x.length; lane++) {
        double exact = StrictMath.exp(x[lane]);
        assertEquals(y[lane], VectorMath.exp(x[lane]), "scalar and vector differ at " + x[lane]);
        double error = Math.abs(y[lane] - exact) / Math.ulp((float) exact);
        if (error > worst) {
          worst = error;
          at = x[lane];
        }
      }
    }

    assertTrue(worst <= BOUND_ULP, "exp is off by " + worst + " ulp at " + at);
  }

  @Test
  void exponentialKeepsTheLimits() {
    assertEquals(1f, exp(0f));
    assertEquals(1f, exp(-0f));
    assertEquals(0f, exp(Float.NEGATIVE_INFINITY));
    assertEquals(0f, exp(-200));
    assertEquals(Float.MIN_VALUE, exp(-103.2f));
    assertEquals(Float.POSITIVE_INFINITY, exp(Float.POSITIVE_INFINITY));
    assertEquals(Float.POSITIVE_INFINITY, exp(88.8f));
    assertTrue(Float.isNaN(exp(Float.NaN)));
  }

  @Test
  void signedLogarithmIsWithinTwoUlpOverItsWholeRange() {
    double worst = 0;
    float at = 0;
    for (long bits = 0; bits <= Float.floatToIntBits(Float.MAX_VALUE); bits += 509) {
      float x = Float.intBitsToFloat((int) bits);
      float y = VectorMath.signedLog1p(x);
      double exact = StrictMath.log1p(x);
      double error = Math.abs(y - exact) / Math.ulp((float) exact);
      assertEquals(-y, VectorMath.signedLog1p(-x));
      if (error > worst) {
        worst = error;
        at = x;
      }
    }

    assertTrue(worst <= BOUND_ULP, "signedLog1p is off by " + worst + " ulp at " + at);
  }

  @Test
  void signedLogarithmHasTheSameBitsInVectors() {
    float[] x = new float[Lanes.LENGTH];
    for (long bits = 0; bits <= Float.floatToIntBits(Float.MAX_VALUE); bits += 100_003) {
      Arrays.fill(x, Float.intBitsToFloat((int) bits) * (bits % 2 == 0 ? 1 : -1));

      float inLane = VectorMath.signedLog1p(FloatVector.fromArray(Lanes.SPECIES, x, 0)).lane(0);

      assertEquals(VectorMath.signedLog1p(x[0]), inLane);
    }
  }

  @Test
  void tangentIsWithinThreeUlp() {
    double worst = 0;
    for (int i = 0; i < 200_000; i++) {
      float x = (float) Math.scalb(1 + i % 1000 / 1000.0, i / 1000 % 40 - 35);
      float y = VectorMath.tanh(Lanes.broadcast(-x)).lane(0);
      double exact = StrictMath.tanh(-x);
      worst = Math.max(worst, Math.abs(y - exact) / Math.ulp((float) exact));
    }

    assertTrue(worst <= 3, "tanh is off by " + worst + " ulp");
  }

  @Test
  void exponentialsOfARowHaveTheBitsOfTheExponentialAndEndAboveTheSubnormal() {
    float[] x = new float[3 * Lanes.LENGTH];
    for (int i = 0; i < x.length; i++) {
      x[i] = 5 - 2f * i;
    }
    MemorySegment row = Arena.ofAuto().allocate(x.length * 4L, 64);
    MemorySegment.copy(MemorySegment.ofArray(x), 0, row, 0, x.length * 4L);

    double sum = new Exponentials().write(row, 0, 5, row, 0, x.length * 4L);

    double expected = 0;
    for (int i = 0; i < x.length; i++) {
      float e = x[i] - 5 < -80 ? 0 : VectorMath.exp(x[i] - 5);
      assertEquals(e, row.getAtIndex(ValueLayout.JAVA_FLOAT, i));
      expected += e;
    }
    assertEquals(expected, sum, 1e-14);
  }

  private static float exp(float x) {
    float inLane = VectorMath.exp(Lanes.broadcast(x)).lane(0);
    assertEquals(inLane, VectorMath.exp(x));
    return inLane;
  }

  private static float[] exp(float[] x) {
    return VectorMath.exp(FloatVector.fromArray(Lanes.SPECIES, x, 0)).toArray();
  }
}
