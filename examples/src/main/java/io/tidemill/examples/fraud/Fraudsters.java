package io.tidemill.examples.fraud;

import io.tidemill.examples.random.KeyedRandom;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * The simulated frauds, day by day.
 *
 * <p>Scenario 1: every amount over 220. Scenario 2: two terminals a day are compromised, and all
 * that is paid there for 28 days is fraud. Scenario 3: of three customers a day, a third of the
 * payments of the next 14 days are fraud, of five times the amount. A later scenario overrides an
 * earlier one. Confined to one thread; the days are begun in order from 0. Source: Fraud Detection
 * Handbook, chapter 3, "Transaction data simulator".
 */
final class Fraudsters {
  private static final double OBVIOUS_AMOUNT = 220;
  private static final int TERMINALS_PER_DAY = 2;
  private static final int TERMINAL_DAYS = 28;
  private static final int CUSTOMERS_PER_DAY = 3;
  private static final int CUSTOMER_DAYS = 14;
  private static final int AMOUNT_FACTOR = 5;
  private static final long TERMINAL_DRAW = -3;
  private static final long CUSTOMER_DRAW = -4;

  private final long seed;
  private final CardHolders cardHolders;
  private final int[] terminalUntil = new int[CardHolders.TERMINALS];
  private final int[] customerUntil = new int[CardHolders.CUSTOMERS];
  private final Map<Payment, Integer> amountFactors = new HashMap<>();

  Fraudsters(long seed, CardHolders cardHolders) {
    this.seed = seed;
    this.cardHolders = cardHolders;
  }

  private record Payment(int customer, int day, int ordinal) {}

  /** Compromises the terminals and customers of a day, and forgets the days before. */
  void begin(int day) {
    amountFactors.keySet().removeIf(payment -> payment.day < day);
    KeyedRandom random = new KeyedRandom(seed, TERMINAL_DRAW, day);
    for (int terminal : distinct(random, TERMINALS_PER_DAY, CardHolders.TERMINALS)) {
      terminalUntil[terminal] = day + TERMINAL_DAYS;
    }
    random = new KeyedRandom(seed, CUSTOMER_DRAW, day);
    for (int customer : distinct(random, CUSTOMERS_PER_DAY, CardHolders.CUSTOMERS)) {
      customerUntil[customer] = day + CUSTOMER_DAYS;
      compromise(customer, day, random);
    }
  }

  /** By what the fraudsters multiply an amount: a power of 5, 1 where they do not. */
  int amountFactor(int customer, int day, int ordinal) {
    return day < customerUntil[customer]
        ? amountFactors.getOrDefault(new Payment(customer, day, ordinal), 1)
        : 1;
  }

  /** The scenario of a payment on the day begun, 0 where it is honest. */
  int scenario(int day, int terminal, double honestAmount, int amountFactor) {
    if (amountFactor > 1) {
      return 3;
    }
    if (day < terminalUntil[terminal]) {
      return 2;
    }
    return honestAmount > OBVIOUS_AMOUNT ? 1 : 0;
  }

  /** Chooses a third of a customer's payments of the next days, each third equally likely. */
  private void compromise(int customer, int firstDay, KeyedRandom random) {
    List<Payment> payments = new ArrayList<>();
    for (int day = firstDay; day < firstDay + CUSTOMER_DAYS; day++) {
      int of = day;
      cardHolders.payments(
          customer, day, (c, ordinal, s, t, a) -> payments.add(new Payment(c, of, ordinal)));
    }
    for (int chosen : distinct(random, payments.size() / 3, payments.size())) {
      amountFactors.merge(payments.get(chosen), AMOUNT_FACTOR, (a, b) -> a * b);
    }
  }

  private static int[] distinct(KeyedRandom random, int count, int bound) {
    return IntStream.generate(() -> random.below(bound)).distinct().limit(count).toArray();
  }
}
