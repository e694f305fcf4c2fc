package io.tidemill.serving.registry;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Optional;
import org.junit.jupiter.api.Test;

class LoadFailuresTest {
  private static final long SECOND_NS = 1_000_000_000L;

  private long nowNs;
  private final LoadFailures<String> failures = new LoadFailures<>(() -> nowNs);

  @Test
  void waitsTwiceAsLongAfterEachFailureAndNeverMoreThanAMinute() {
    long[] waits = {1, 2, 4, 8, 16, 32, 60, 60};
    for (long seconds : waits) {
      assertTrue(failures.mayTry("v1"));
      failures.failed("v1", "broken");
      nowNs += seconds * SECOND_NS - 1;
      assertFalse(failures.mayTry("v1"), seconds + " s");
      assertTrue(failures.mayTry("v2"));
      nowNs += 1;
    }
  }

  @Test
  void callsASentenceNewsWhenItIsAnotherOne() {
    assertTrue(failures.failed("v1", "no weights"));
    assertFalse(failures.failed("v1", "no weights"));
    assertTrue(failures.failed("v1", "no program"));
    assertTrue(failures.failed("v2", "no program"));
    assertEquals(Optional.of("no program"), failures.sentence("v1"));

    failures.forget("v1");

    assertTrue(failures.mayTry("v1"));
    assertEquals(Optional.empty(), failures.sentence("v1"));
    assertTrue(failures.failed("v1", "no program"));
  }
}
