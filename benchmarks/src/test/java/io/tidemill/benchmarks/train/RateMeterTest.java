package io.tidemill.benchmarks.train;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

final class RateMeterTest {
  private static final long MS = 1_000_000;
  private final AtomicInteger ends = new AtomicInteger();
  private final RateMeter meter = new RateMeter(1, ends::incrementAndGet);

  @Test
  void countsTheStepsOfTheWindowBehindTheFirstThreeTenthsOfASecond() {
    meter.at(1_000 * MS, 0); // not begun
    meter.at(2_000 * MS, 1);
    meter.at(2_200 * MS, 2); // settling
    meter.at(2_300 * MS, 10); // the window begins
    meter.at(3_200 * MS, 100);
    meter.at(3_550 * MS, 135);

    assertEquals(125 / 1.25, meter.rate(), 1e-9);
    assertEquals(1, ends.get());
  }

  @Test
  void endsOnce() {
    meter.at(1 * MS, 1);
    meter.at(301 * MS, 2);
    meter.at(1_301 * MS, 12);

    meter.at(1_401 * MS, 500);

    assertEquals(10, meter.rate(), 1e-9);
    assertEquals(1, ends.get());
  }

  @Test
  void waitsForAStepThatTakesLongerThanTheWindow() {
    meter.at(1 * MS, 1);
    meter.at(301 * MS, 1);
    meter.at(1_301 * MS, 1);
    assertEquals(0, ends.get());

    meter.at(2_301 * MS, 2);

    assertEquals(0.5, meter.rate(), 1e-9);
  }
}
