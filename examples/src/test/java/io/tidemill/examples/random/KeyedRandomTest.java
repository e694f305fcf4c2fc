package io.tidemill.examples.random;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.function.DoubleSupplier;
import org.junit.jupiter.api.Test;

final class KeyedRandomTest {
  private static final int DRAWS = 200_000;

  @Test
  void drawsTheSameForTheSameKeyOnly() {
    long drawn = new KeyedRandom(1, 2, 3).bits();

    assertEquals(drawn, new KeyedRandom(1, 2, 3).bits());
    assertNotEquals(drawn, new KeyedRandom(0, 2, 3).bits());
    assertNotEquals(drawn, new KeyedRandom(1, 3, 2).bits());
    assertNotEquals(drawn, new KeyedRandom(1, 2, 4).bits());
  }

  @Test
  void stillDrawsWhatItAlwaysDrew() {
    KeyedRandom random = new KeyedRandom(42, 7, 0);

    assertEquals(-3644225901230065012L, random.bits());
    assertEquals(339, random.below(1000));
    assertEquals(0.2983509043991255, random.uniform(0, 1), 0);
    assertEquals(-0.08485067909299059, random.normal(0, 1), 0);
    assertEquals(6, random.poisson(4));
  }

  @Test
  void hasTheMomentsOfItsDistributions() {
    KeyedRandom random = new KeyedRandom(1, 1, 1);

    assertMoments(3, 4 / 12.0, () -> random.uniform(2, 4));
    assertMoments(-5, 9, () -> random.normal(-5, 3));
    assertMoments(2.5, 2.5, () -> random.poisson(2.5));
    assertMoments(4.5, 99 / 12.0, () -> random.below(10));
  }

  private static void assertMoments(double mean, double variance, DoubleSupplier draw) {
    double sum = 0;
    double squares = 0;
    for (int i = 0; i < DRAWS; i++) {
      double drawn = draw.getAsDouble() - mean;
      sum += drawn;
      squares += drawn * drawn;
    }
    // Five standard errors of the mean; the variance's own is about as large.
    double error = 5 * Math.sqrt(variance / DRAWS);
    assertTrue(Math.abs(sum / DRAWS) < error, "mean off by " + sum / DRAWS);
    assertEquals(1, squares / DRAWS / variance, 0.02);
  }
}
