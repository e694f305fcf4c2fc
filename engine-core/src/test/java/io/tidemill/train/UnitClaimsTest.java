package io.tidemill.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

class UnitClaimsTest {
  @Test
  void aThreadTakesItsOwnRunFirstAndThenHelps() {
    UnitClaims claims = new UnitClaims(2);
    claims.open(7, 5);

    int[] taken = new int[6];
    for (int i = 0; i < taken.length; i++) {
      taken[i] = claims.claim(7, 5, 1);
    }

    assertArrayEquals(new int[] {2, 3, 4, 0, 1, UnitClaims.NONE}, taken);
  }

  @Test
  void nothingIsClaimedOfAPhaseThatIsNotOpen() {
    UnitClaims claims = new UnitClaims(2);
    claims.open(3, 4);

    assertEquals(UnitClaims.NONE, claims.claim(2, 9, 0));
    assertEquals(UnitClaims.NONE, claims.claim(4, 9, 0));
  }

  @Test
  void aPhaseIsFinishedWhenItsLastUnitIs() {
    UnitClaims claims = new UnitClaims(1);
    claims.openFinished(-1, 3);
    assertTrue(claims.isFinished(-1, 3));

    claims.open(0, 2);
    claims.done();
    assertFalse(claims.isFinished(0, 2));
    claims.done();
    assertTrue(claims.isFinished(0, 2));
    assertFalse(claims.isFinished(-1, 3));
  }

  /** Phases of 1 and of 64 units in turn: a thread that is late must not take a unit too many. */
  @Test
  void everyUnitOfManyPhasesIsClaimedOnceByRacingThreads() throws Exception {
    int threads = 3;
    int phases = 3_000;
    int[] units = {1, 64, 2};
    UnitClaims claims = new UnitClaims(threads);
    AtomicIntegerArray claimed = new AtomicIntegerArray(phases * 64);
    AtomicBoolean opening = new AtomicBoolean();
    claims.open(0, units[0]);
    try (ExecutorService pool = Executors.newFixedThreadPool(threads)) {
      List<Future<?>> workers = new ArrayList<>();
      for (int t = 0; t < threads; t++) {
        int thread = t;
        workers.add(
            pool.submit(
                () -> {
                  for (long phase = claims.phase(); phase < phases; phase = claims.phase()) {
                    int count = units[(int) (phase % units.length)];
                    int unit = claims.claim(phase, count, thread);
                    if (unit != UnitClaims.NONE) {
                      claimed.incrementAndGet((int) phase * 64 + unit);
                      claims.done();
                    } else if (claims.isFinished(phase, count)
                        && opening.compareAndSet(false, true)) {
                      if (claims.isFinished(phase, count)) {
                        claims.open(phase + 1, units[(int) ((phase + 1) % units.length)]);
                      }
                      opening.set(false);
                    } else {
                      LockSupport.parkNanos(1);
                    }
                  }
                }));
      }
      for (Future<?> worker : workers) {
        worker.get();
      }
    }

    int[] expected = new int[64];
    int[] found = new int[64];
    for (int phase = 0; phase < phases; phase++) {
      Arrays.fill(expected, 0);
      Arrays.fill(expected, 0, units[phase % units.length], 1);
      for (int unit = 0; unit < 64; unit++) {
        found[unit] = claimed.get(phase * 64 + unit);
      }
      assertArrayEquals(expected, found, "phase " + phase);
    }
  }
}
