package io.tidemill.benchmarks.scaling;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.tidemill.benchmarks.scaling.LaneCost.Measured;
import java.util.List;
import org.junit.jupiter.api.Test;

final class LaneCostTest {
  @Test
  void theFitFindsTheAlphaAndBetaThatTheTimesWereMadeOf() {
    double alpha = 5e-6;
    double beta = 0.25e-9;

    LaneCost fit =
        LaneCost.fit(
            List.of(
                new Measured(1_000, 2 * alpha + 1_000 * beta),
                new Measured(64_000, 2 * alpha + 64_000 * beta),
                new Measured(4_000_000, 2 * alpha + 4_000_000 * beta)));

    assertEquals(alpha, fit.alpha(), 1e-12);
    assertEquals(beta, fit.beta(), 1e-15);
  }

  @Test
  void theResidualSaysHowFarTheFitIsFromWhatWasMeasured() {
    LaneCost cost = new LaneCost(1e-6, 1e-9);

    assertEquals(0, cost.residual(new Measured(8_000, 10e-6)), 1e-12);
    assertEquals(0.25, cost.residual(new Measured(8_000, 8e-6)), 1e-12);
    assertEquals(-0.5, cost.residual(new Measured(8_000, 20e-6)), 1e-12);
  }

  @Test
  void aSmallSizeCountsAsMuchAsALargeOne() {
    // 10 % too much at both ends, as if everything were 10 % slower, but for the middle.
    LaneCost fit =
        LaneCost.fit(
            List.of(
                new Measured(1_000, 1.1 * (10e-6 + 1e-6)),
                new Measured(100_000, 10e-6 + 100e-6),
                new Measured(10_000_000, 1.1 * (10e-6 + 10e-3))));

    assertEquals(5e-6, fit.alpha(), 0.6e-6);
    assertEquals(1e-9, fit.beta(), 0.1e-9);
  }

  @Test
  void noLaneIsFasterThanNothing() {
    LaneCost fit = LaneCost.fit(List.of(new Measured(1_000, 1e-6), new Measured(1_000_000, 2e-3)));

    assertEquals(0, fit.alpha());
    assertEquals(1.2e-9, fit.beta(), 1e-15);
  }

  @Test
  void aMessageCostsItsLatencyAndItsBytes() {
    assertEquals(7e-6, new LaneCost(5e-6, 1e-9).seconds(2_000), 1e-18);
  }
}
