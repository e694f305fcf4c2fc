package io.tidemill.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class PhaseUnitsTest {
  private static final int UNITS = 5;

  private final PhaseUnits units =
      new PhaseUnits(Arena.ofAuto().allocate(3 * GangLayout.rankStride(), Long.BYTES), 0);

  @Test
  void ownersTakeFromTheFrontAndOthersFromTheEnd() {
    units.open(1, 7);

    assertEquals(0, units.takeFirst(1, 7, UNITS));
    assertEquals(4, units.takeLast(1, 7, UNITS));
    assertEquals(3, units.takeLast(1, 7, UNITS));
    assertEquals(1, units.takeFirst(1, 7, UNITS));
    assertEquals(2, units.takeLast(1, 7, UNITS));
    assertEquals(-1, units.takeFirst(1, 7, UNITS));
    assertEquals(-1, units.takeLast(1, 7, UNITS));
  }

  @Test
  void aClaimHoldsForItsPhaseAndItsRankOnly() {
    units.open(1, 7);
    units.open(2, 8);

    assertEquals(-1, units.takeFirst(1, 6, UNITS));
    assertEquals(-1, units.takeLast(1, 8, UNITS));
    assertEquals(0, units.takeFirst(2, 8, UNITS));
    assertEquals(0, units.takeFirst(1, 7, UNITS));
  }

  @Test
  void aPhaseIsDoneWhenAllThatWasTakenOfItIs() {
    units.open(0, 1);
    for (int unit = 0; unit < UNITS; unit++) {
      assertEquals(unit, units.takeFirst(0, 1, UNITS));
      assertFalse(units.areDone(0, 1, UNITS));
      units.finish(0);
    }

    assertTrue(units.areDone(0, 1, UNITS));
    assertFalse(units.areDone(0, 2, UNITS));
    units.open(0, 2);
    assertFalse(units.areDone(0, 2, UNITS));
  }

  @Test
  void whoStandsBehindAPhaseHasNothingToTakeAndIsDone() {
    units.stand(0, -1, UNITS);

    assertEquals(-1, units.phase(0));
    assertEquals(-1, units.takeFirst(0, -1, UNITS));
    assertTrue(units.areDone(0, -1, UNITS));
  }

  @Test
  void countsAsManyUnitsAsItSays() {
    units.open(0, Integer.MAX_VALUE);
    for (int unit = 0; unit < PhaseUnits.MOST; unit++) {
      assertEquals(
          PhaseUnits.MOST - 1 - unit, units.takeLast(0, Integer.MAX_VALUE, PhaseUnits.MOST));
    }
    assertEquals(-1, units.takeFirst(0, Integer.MAX_VALUE, PhaseUnits.MOST));
    assertEquals(Integer.MAX_VALUE, units.phase(0));
  }

  @Test
  void threadsTakeEachUnitOnce() throws Exception {
    int most = 20_000;
    units.open(2, 3);
    AtomicIntegerArray taken = new AtomicIntegerArray(most);
    CountDownLatch together = new CountDownLatch(4);
    try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
      List<Future<?>> all =
          IntStream.range(0, 4)
              .<Future<?>>mapToObj(
                  thread ->
                      threads.submit(
                          () -> {
                            together.countDown();
                            together.await();
                            take(thread % 2 == 0, most, taken);
                            return null;
                          }))
              .toList();
      for (Future<?> future : all) {
        future.get();
      }
    }

    for (int unit = 0; unit < most; unit++) {
      assertEquals(1, taken.get(unit), "unit " + unit);
    }
    assertTrue(units.areDone(2, 3, most));
  }

  private void take(boolean isOwner, int most, AtomicIntegerArray taken) {
    int unit;
    do {
      unit = isOwner ? units.takeFirst(2, 3, most) : units.takeLast(2, 3, most);
      if (unit >= 0) {
        taken.incrementAndGet(unit);
        units.finish(2);
      }
    } while (unit >= 0);
  }
}
