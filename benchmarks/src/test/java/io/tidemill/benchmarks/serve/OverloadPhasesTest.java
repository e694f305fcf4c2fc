package io.tidemill.benchmarks.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;

/** A second of calm, two of overload, a second of calm; times in milliseconds. */
final class OverloadPhasesTest {
  private static final long MS = 1_000_000;
  private final OverloadPhases phases = new OverloadPhases(0, 1, 2);

  @Test
  void knowsWhenTheOverloadIs() {
    assertFalse(phases.isOverload(999 * MS));
    assertTrue(phases.isOverload(1_000 * MS));
    assertFalse(phases.isOverload(3_000 * MS));
    assertEquals(4_000 * MS, phases.endNs());
  }

  @Test
  void countsWhatBecameOfTheRequestsOfTheOverload() {
    phases.take(answer(200, 500, 2));
    phases.take(answer(200, 1_500, 90));
    phases.take(answer(503, 1_600, 1));
    phases.take(new Answer(503, false, 0, new byte[0], 1_700 * MS, 1_701 * MS));
    phases.take(Answer.broken(1_800 * MS, 1_801 * MS));

    assertEquals(1, phases.answered());
    assertEquals(2, phases.refused());
    assertEquals(3, phases.offered());
    assertEquals(1, phases.refusedWithoutAWord());
    assertEquals(1, phases.failed());
    assertEquals(90, phases.overloadP99Ms());
    assertEquals(2, phases.calmP99Ms());
  }

  @Test
  void isCalmFromTheFirstOfFiveTenthsThatAreAsBefore() {
    phases.take(answer(200, 500, 2));
    phases.take(answer(200, 3_050, 80)); // what had been waiting
    phases.take(answer(503, 3_150, 1));
    for (int tenth = 2; tenth < 10; tenth++) {
      phases.take(answer(200, 3_050 + 100 * tenth, 2));
    }

    assertEquals(OptionalDouble.of(0.2), phases.recoverySeconds());
  }

  @Test
  void saysWhereItIsNeverCalm() {
    phases.take(answer(200, 500, 2));
    for (int tenth = 0; tenth < 10; tenth++) {
      phases.take(answer(200, 3_050 + 100 * tenth, 3));
    }

    assertEquals(OptionalDouble.empty(), phases.recoverySeconds());
    assertTrue(phases.toString().endsWith("not calm within 1.0 s"), phases.toString());
  }

  private static Answer answer(int status, long dueMs, long tookMs) {
    return new Answer(status, true, 0, new byte[0], dueMs * MS, (dueMs + tookMs) * MS);
  }
}
