package io.tidemill.serving.traffic;

import java.util.Locale;
import java.util.Optional;

/**
 * What a canary and a shadow have shown since the traffic was set. Any thread.
 *
 * <p>The rule is stated in {@link Traffic}: a canary that has answered {@code trial} requests, and
 * agreed where that is asked for, is promoted. It is taken back as soon as it has failed more of
 * them, taken more time for them, or agreed in fewer than it may in a whole trial.
 */
public final class Trial {
  private static final double NS_PER_MS = 1e6;

  /** What was counted. */
  public record Counts(
      long requests, long errors, long totalNs, long compared, long agreed, long dropped) {}

  private final Traffic traffic;
  private long requests;
  private long errors;
  private long totalNs;
  private long compared;
  private long agreed;
  private long dropped;
  private boolean isDecided;

  public Trial(Traffic traffic) {
    this.traffic = traffic;
  }

  public Traffic traffic() {
    return traffic;
  }

  /**
   * The canary has answered; says how the traffic is to be from now on, where that decides it.
   *
   * @param durationNs from the request's arrival
   */
  public synchronized Optional<Traffic> answered(boolean isError, long durationNs) {
    requests++;
    errors += isError ? 1 : 0;
    totalNs += durationNs;
    return decision();
  }

  /** The shadow has answered as well; says how the traffic is to be where that decides it. */
  public synchronized Optional<Traffic> compared(boolean isSame) {
    compared++;
    agreed += isSame ? 1 : 0;
    return decision();
  }

  /** The shadow had no time, or failed. */
  public synchronized void dropped() {
    dropped++;
  }

  public synchronized Counts counts() {
    return new Counts(requests, errors, totalNs, compared, agreed, dropped);
  }

  /** In words, for a decision. */
  public synchronized String shown() {
    String failed = "%d of %d requests failed".formatted(errors, requests);
    String delay =
        traffic.mostDelayMs() > 0 && requests > 0
            ? String.format(Locale.ROOT, ", %.1f ms each", totalNs / NS_PER_MS / requests)
            : "";
    String agreement = compared > 0 ? ", %d of %d answers agreed".formatted(agreed, compared) : "";
    return failed + delay + agreement;
  }

  private Optional<Traffic> decision() {
    if (traffic.trial() == 0 || traffic.canary() == 0 || isDecided) {
      return Optional.empty();
    }
    boolean isBad = hasFailed() || isSlow() || differs();
    isDecided = isBad || isThrough();
    if (!isDecided) {
      return Optional.empty();
    }
    return Optional.of(isBad ? traffic.rolledBack(shown()) : traffic.promoted(shown()));
  }

  private boolean hasFailed() {
    return errors > traffic.mostErrors() * traffic.trial();
  }

  private boolean isSlow() {
    return traffic.mostDelayMs() > 0
        && totalNs > traffic.mostDelayMs() * NS_PER_MS * traffic.trial();
  }

  private boolean differs() {
    return traffic.leastAgreement() > 0
        && compared - agreed > (1 - traffic.leastAgreement()) * traffic.trial();
  }

  /** A canary that is asked nothing but as a shadow is judged by that alone. */
  private boolean isThrough() {
    boolean isAsked = traffic.percent() > 0 || traffic.leastAgreement() == 0;
    return (!isAsked || requests >= traffic.trial())
        && (traffic.leastAgreement() == 0 || compared >= traffic.trial());
  }
}
