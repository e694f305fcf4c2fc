package io.tidemill.examples.fraud;

/**
 * How often and how much a card paid over (t - w, t] for w = 1, 7 and 30 days, the transaction at t
 * included.
 *
 * <p>The sums are taken anew over the window, in the order of time: a running sum would drift with
 * all that ever came and went.
 *
 * @param count1d transactions in the last day, at least 1
 * @param mean1d their mean amount
 * @param count7d the same over 7 days
 * @param mean7d the same over 7 days
 * @param count30d the same over 30 days
 * @param mean30d the same over 30 days
 */
public record CardWindow(
    int count1d, double mean1d, int count7d, double mean7d, int count30d, double mean30d) {
  private static final long DAY = 86_400;

  /** Adds a transaction to its card's history, forgets what is too old, and looks back. */
  public static CardWindow add(History<Spend> history, Spend now) {
    while (!history.isEmpty() && now.epochSecond() - history.first().epochSecond() >= 30 * DAY) {
      history.removeFirst();
    }
    history.add(now);
    int count1d = 0;
    int count7d = 0;
    int count30d = 0;
    double sum1d = 0;
    double sum7d = 0;
    double sum30d = 0;
    for (Spend spend : history) {
      long age = now.epochSecond() - spend.epochSecond();
      count30d++;
      sum30d += spend.amount();
      if (age < 7 * DAY) {
        count7d++;
        sum7d += spend.amount();
      }
      if (age < DAY) {
        count1d++;
        sum1d += spend.amount();
      }
    }
    return new CardWindow(
        count1d, sum1d / count1d, count7d, sum7d / count7d, count30d, sum30d / count30d);
  }
}
