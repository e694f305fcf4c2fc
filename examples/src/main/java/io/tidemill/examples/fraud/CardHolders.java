package io.tidemill.examples.fraud;

import io.tidemill.examples.random.KeyedRandom;
import java.util.stream.IntStream;

/**
 * The simulated customers, and what each pays on each day when nobody betrays them.
 *
 * <p>Immutable; a pure function of the seed, and a day of a customer a pure function of (seed,
 * customer, day). Source: Fraud Detection Handbook, chapter 3, "Transaction data simulator".
 */
final class CardHolders {
  static final int CUSTOMERS = 5_000;
  static final int TERMINALS = 10_000;

  private static final double GRID = 100;
  private static final double RADIUS = 5;
  private static final double NOON = 43_200;
  private static final double NOON_DEVIATION = 20_000;
  private static final int SECONDS_PER_DAY = 86_400;
  // Keys that no customer has, for what is not drawn by customer and day.
  private static final long CUSTOMER_PROFILE = -1;
  private static final long TERMINAL_PLACE = -2;

  private final long seed;
  private final double[] meanAmount = new double[CUSTOMERS];
  private final double[] perDay = new double[CUSTOMERS];
  private final int[][] terminals = new int[CUSTOMERS][];

  CardHolders(long seed) {
    this.seed = seed;
    double[] terminalX = new double[TERMINALS];
    double[] terminalY = new double[TERMINALS];
    for (int terminal = 0; terminal < TERMINALS; terminal++) {
      KeyedRandom random = new KeyedRandom(seed, TERMINAL_PLACE, terminal);
      terminalX[terminal] = random.uniform(0, GRID);
      terminalY[terminal] = random.uniform(0, GRID);
    }
    for (int customer = 0; customer < CUSTOMERS; customer++) {
      KeyedRandom random = new KeyedRandom(seed, CUSTOMER_PROFILE, customer);
      double x = random.uniform(0, GRID);
      double y = random.uniform(0, GRID);
      meanAmount[customer] = random.uniform(5, 100);
      perDay[customer] = random.uniform(0, 4);
      terminals[customer] =
          IntStream.range(0, TERMINALS)
              .filter(t -> isNear(terminalX[t] - x, terminalY[t] - y))
              .toArray();
    }
  }

  /** Takes one payment. */
  @FunctionalInterface
  interface PaymentVisitor {
    /**
     * Called for each payment of a customer's day.
     *
     * @param ordinal counts the payments of that day from 0
     * @param second of the day
     */
    void visit(int customer, int ordinal, int second, int terminal, double amount);
  }

  /** Visits the payments of a customer on a day, in no order of time. */
  void payments(int customer, int day, PaymentVisitor visitor) {
    int[] near = terminals[customer];
    if (near.length == 0) {
      return;
    }
    KeyedRandom random = new KeyedRandom(seed, customer, day);
    int ordinal = 0;
    for (int left = random.poisson(perDay[customer]); left > 0; left--) {
      int second = (int) random.normal(NOON, NOON_DEVIATION);
      if (second > 0 && second < SECONDS_PER_DAY) {
        int terminal = near[random.below(near.length)];
        visitor.visit(customer, ordinal++, second, terminal, amount(random, meanAmount[customer]));
      }
    }
  }

  private static double amount(KeyedRandom random, double mean) {
    double amount = random.normal(mean, mean / 2);
    return cents(amount < 0 ? random.uniform(0, 2 * mean) : amount);
  }

  /** Rounded to two decimals. */
  static double cents(double amount) {
    return Math.round(amount * 100) / 100.0;
  }

  private static boolean isNear(double dx, double dy) {
    return dx * dx + dy * dy < RADIUS * RADIUS;
  }
}
