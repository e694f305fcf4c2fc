package io.tidemill.serving.traffic;

import java.util.Optional;

/**
 * What a canary and a shadow have shown since the traffic was set. Any thread.
 *
 * <p>The rule is stated in {@link Traffic}: a canary that has answered {@code trial} requests is
 * promoted; one that has failed more than {@code mostErrors} of them is taken back, at once.
 */
public final class Trial {
  /** What was counted. */
  public record Counts(long requests, long errors, long compared, long agreed, long dropped) {}

  private final Traffic traffic;
  private long requests;
  private long errors;
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

  /** The canary has answered; says how the traffic is to be from now on, where that decides it. */
  public synchronized Optional<Traffic> answered(boolean isError) {
    requests++;
    errors += isError ? 1 : 0;
    if (traffic.trial() == 0 || isDecided) {
      return Optional.empty();
    }
    if (errors > traffic.mostErrors() * traffic.trial()) {
      isDecided = true;
      return Optional.of(traffic.rolledBack(shown()));
    }
    if (requests >= traffic.trial()) {
      isDecided = true;
      return Optional.of(traffic.promoted(shown()));
    }
    return Optional.empty();
  }

  /** The shadow has answered as well. */
  public synchronized void compared(boolean isSame) {
    compared++;
    agreed += isSame ? 1 : 0;
  }

  /** The shadow had no time, or failed. */
  public synchronized void dropped() {
    dropped++;
  }

  public synchronized Counts counts() {
    return new Counts(requests, errors, compared, agreed, dropped);
  }

  /** In words, for a decision. */
  public synchronized String shown() {
    return "%d of %d requests failed".formatted(errors, requests);
  }
}
