package io.tidemill.examples.fraud;

import java.time.LocalDate;

/**
 * Which transactions train a model and which test it, as in the Fraud Detection Handbook, chapter
 * 5: some days of training, a delay until their labels are known, some days of test.
 *
 * <p>From the test go all transactions of cards known by then to be compromised: on day d those
 * that had a fraud from the first day of training up to day d - delay - 1. Of a card it is enough
 * to remember the first such day, see {@link #firstFraudDay}. Days are counted from 1970.
 *
 * @param firstDay the first day of training
 * @param trainingDays days of training
 * @param delayDays days from a transaction to its label
 * @param testDays days of test
 */
public record FraudProtocol(long firstDay, int trainingDays, int delayDays, int testDays) {
  /** Of a card that had no fraud since training began. */
  public static final long NEVER = Long.MAX_VALUE;

  private static final int WEEK = 7;

  /** The published one: training 2018-07-25 to 31, test 2018-08-08 to 14. */
  public static FraudProtocol handbook() {
    return new FraudProtocol(LocalDate.of(2018, 7, 25).toEpochDay(), WEEK, WEEK, WEEK);
  }

  /** A week of training, a week of delay, and a week of test, which ends before {@code endDay}. */
  public static FraudProtocol endingBefore(long endDay) {
    return new FraudProtocol(endDay - 3 * WEEK, WEEK, WEEK, WEEK);
  }

  /** The first day after the test. */
  public long endDay() {
    return firstDay + trainingDays + delayDays + testDays;
  }

  /** Whether a transaction is one to learn from. */
  public boolean trains(Transaction transaction) {
    long day = transaction.epochDay() - firstDay;
    return day >= 0 && day < trainingDays;
  }

  /** Whether an example is one to test with. */
  public boolean tests(Features features) {
    long day = features.transaction().epochDay();
    return day >= firstDay + trainingDays + delayDays && day < endDay() && !features.compromised();
  }

  /**
   * What to remember of a card after a transaction.
   *
   * @param before what was remembered, {@link #NEVER} at first
   */
  public long firstFraudDay(long before, Transaction transaction) {
    boolean counts = transaction.fraud() && transaction.epochDay() >= firstDay;
    return counts ? Math.min(before, transaction.epochDay()) : before;
  }

  /** Whether the card is known, on the day of a transaction, to be compromised. */
  public boolean isKnownCompromised(long firstFraudDay, Transaction transaction) {
    return firstFraudDay < transaction.epochDay() - delayDays;
  }
}
