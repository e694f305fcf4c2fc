package io.tidemill.examples.fraud;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.tidemill.metric.Metric;
import org.junit.jupiter.api.Test;

final class CardPrecisionTest {
  private final CardPrecision metric = new CardPrecision(2);
  private final Metric.Accumulator<Features> precision = metric.start();

  @Test
  void isTheShareOfCompromisedAmongTheMostSuspiciousCards() {
    add(0, 1, .9f, false);
    add(0, 2, .8f, true);
    add(0, 3, .7f, true);

    assertEquals(0.5, precision.value(), 0);
    assertEquals("cardPrecisionAt2", metric.name());
  }

  @Test
  void takesACardByItsWorstTransactionAndAnyFraudOfTheDay() {
    add(0, 1, .9f, false);
    add(0, 1, .1f, true);
    add(0, 2, .5f, false);
    add(0, 3, .6f, true);

    assertEquals(1, precision.value(), 0);
  }

  @Test
  void leavesOutOnLaterDaysWhatWasDetected() {
    add(0, 1, .9f, true);
    add(0, 2, .8f, false);
    add(1, 1, .9f, true);
    add(1, 2, .8f, false);
    add(1, 3, .7f, true);

    // Day 0 finds card 1 of (1, 2); day 1 finds card 3 of (2, 3).
    assertEquals((0.5 + 0.5) / 2, precision.value(), 0);
  }

  @Test
  void doesNotLeaveOutWhatWasMissed() {
    add(0, 1, .9f, false);
    add(0, 2, .8f, false);
    add(0, 3, .1f, true);
    add(1, 3, .9f, true);

    assertEquals((0 + 0.5) / 2, precision.value(), 0);
  }

  @Test
  void daysMayArriveInAnyOrder() {
    add(1, 1, .9f, true);
    add(0, 1, .9f, true);

    assertEquals((0.5 + 0) / 2, precision.value(), 0);
  }

  @Test
  void ofEqualScoresTheLowerCustomerNumberGoesFirst() {
    add(0, 3, .5f, true);
    add(0, 2, .5f, false);
    add(0, 1, .5f, true);

    assertEquals(0.5, precision.value(), 0);
  }

  private void add(long day, int customer, float score, boolean fraud) {
    Transaction transaction =
        new Transaction(0, day * 86_400 + 7, customer, 0, 1, fraud, fraud ? 1 : 0);
    Features example =
        new Features(
            transaction,
            new CardWindow(1, 1, 1, 1, 1, 1),
            new TerminalWindow(0, 0, 0, 0, 0, 0),
            false);
    precision.add(example, new float[] {score});
  }
}
