package io.tidemill.examples.fraud;

/**
 * How often a terminal was used, and which share was fraud, over (t - 7 d - w, t - 7 d] for w = 1,
 * 7 and 30 days: the time of which the labels are known.
 *
 * @param count1d transactions in that day
 * @param risk1d the share of frauds among them, 0 where there are none
 * @param count7d the same over 7 days
 * @param risk7d the same over 7 days
 * @param count30d the same over 30 days
 * @param risk30d the same over 30 days
 */
public record TerminalWindow(
    int count1d, double risk1d, int count7d, double risk7d, int count30d, double risk30d) {
  private static final long DAY = 86_400;
  private static final long DELAY = 7 * DAY;

  /** Adds a transaction to its terminal's history, forgets what is too old, and looks back. */
  public static TerminalWindow add(History<Outcome> history, Outcome now) {
    long known = now.epochSecond() - DELAY;
    while (!history.isEmpty() && known - history.first().epochSecond() >= 30 * DAY) {
      history.removeFirst();
    }
    history.add(now);
    int count1d = 0;
    int count7d = 0;
    int count30d = 0;
    int frauds1d = 0;
    int frauds7d = 0;
    int frauds30d = 0;
    for (Outcome outcome : history) {
      long age = known - outcome.epochSecond();
      if (age < 0) {
        break;
      }
      int fraud = outcome.fraud() ? 1 : 0;
      count30d++;
      frauds30d += fraud;
      if (age < 7 * DAY) {
        count7d++;
        frauds7d += fraud;
      }
      if (age < DAY) {
        count1d++;
        frauds1d += fraud;
      }
    }
    return new TerminalWindow(
        count1d,
        share(frauds1d, count1d),
        count7d,
        share(frauds7d, count7d),
        count30d,
        share(frauds30d, count30d));
  }

  private static double share(int frauds, int count) {
    return count == 0 ? 0 : (double) frauds / count;
  }
}
