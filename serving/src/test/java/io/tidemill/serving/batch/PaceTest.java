package io.tidemill.serving.batch;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class PaceTest {
  private final Pace pace = new Pace(2);

  @Test
  void countsItsOwnBatchesAndTheTurnsBetween() {
    pace.ran(80_000); // with two executors a turn comes every 40 us

    assertEquals(Duration.ofNanos(120_000), pace.of(3));
    assertEquals(Duration.ofNanos(80_000), pace.ofOwn(1));
    assertEquals(Duration.ofNanos(160_000), pace.ofOwn(3));
  }
}
