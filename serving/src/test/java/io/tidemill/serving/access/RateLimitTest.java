package io.tidemill.serving.access;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.tidemill.error.EngineException;
import io.tidemill.serving.access.RateLimit.Rate;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class RateLimitTest {
  private static final long SECOND = 1_000_000_000;

  private final AtomicLong clock = new AtomicLong(-5);
  private final RateLimit limit = new RateLimit(new Rate(2, 3), clock::get);

  @Test
  void letsABurstPassAndThenTheRate() {
    takeTheBurst();

    clock.addAndGet(SECOND);

    assertEquals(Optional.empty(), limit.take("a"));
    assertEquals(Optional.empty(), limit.take("a"));
    assertEquals(Optional.of(Duration.ofMillis(500)), limit.take("a"));
  }

  @Test
  void aRestGivesNoMoreThanTheBurst() {
    limit.take("a");
    clock.addAndGet(100 * SECOND);

    takeTheBurst();
  }

  @Test
  void clientsDoNotShareTheirRates() {
    takeTheBurst();

    assertEquals(Optional.empty(), limit.take("b"));
  }

  @Test
  void namesBeyondTheMostShareOneBucket() {
    for (int i = 0; i < RateLimit.MOST_BUCKETS; i++) {
      limit.take("client " + i);
    }

    for (int i = 0; i < 3; i++) {
      assertEquals(Optional.empty(), limit.take("new " + i));
    }
    assertEquals(Optional.of(Duration.ofMillis(500)), limit.take("new 3"));

    clock.addAndGet(2 * SECOND);

    assertEquals(Optional.empty(), limit.take("new 4"), "those that are full were forgotten");
  }

  @Test
  void refusesARateOfNothing() {
    assertThrows(EngineException.class, () -> Rate.of(0));
    assertThrows(EngineException.class, () -> Rate.of(Double.NaN));
  }

  private void takeTheBurst() {
    for (int i = 0; i < 3; i++) {
      assertEquals(Optional.empty(), limit.take("a"));
    }
    assertEquals(Optional.of(Duration.ofMillis(500)), limit.take("a"));
  }
}
