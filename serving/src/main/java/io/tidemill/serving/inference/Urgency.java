package io.tidemill.serving.inference;

/**
 * How much a request presses.
 *
 * @param priority 1 is served first, 9 last; beyond is what nobody waits for
 * @param timeoutNs how long after its arrival an answer is of use, nanoseconds; {@link
 *     Long#MAX_VALUE} for ever
 */
public record Urgency(int priority, long timeoutNs) {
  public static final int FIRST = 1;
  public static final int LAST = 9;

  /** Of a request that says nothing. */
  public static final Urgency NORMAL = new Urgency(5, Long.MAX_VALUE);

  /** Of work that nobody waits for, such as a shadow's; no request can say so of itself. */
  public static final Urgency BACKGROUND = new Urgency(LAST + 1, Long.MAX_VALUE);

  /** Whether somebody waits for it. */
  public boolean isPressing() {
    return priority <= LAST;
  }

  /** With this priority, where 0 means the normal one, as in Triton. */
  public Urgency withPriority(int newPriority) {
    return new Urgency(newPriority == 0 ? NORMAL.priority : newPriority, timeoutNs);
  }

  /** With this timeout, unless a shorter one is set. */
  public Urgency within(long newTimeoutNs) {
    return new Urgency(priority, Math.min(timeoutNs, newTimeoutNs));
  }
}
