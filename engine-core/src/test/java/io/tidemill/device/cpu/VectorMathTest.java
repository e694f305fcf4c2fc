package io.tidemill.device.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

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

  private static float exp(float x) {
    float inLane = VectorMath.exp(Lanes.broadcast(x)).lane(0);
    assertEquals(inLane, VectorMath.exp(x));
    return inLane;
  }

  private static float[] exp(float[] x) {
    return VectorMath.exp(FloatVector.fromArray(Lanes.SPECIES, x, 0)).toArray();
  }
}
