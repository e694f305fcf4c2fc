package io.tidemill.serving.batch;

import java.time.Duration;

/**
 * How fast a queue gets its turns, learnt from those it had. The queue's lock guards it.
 *
 * <p>While requests wait, it is the time from one batch to the next, in which everything is that
 * they wait for: the batches of other models, the threads that share the cores, pauses. When none
 * waits there is no such time, and a batch's own is divided by the threads that execute.
 */
final class Pace {
  /** Weight of the newest in the running mean. */
  private static final double NEWEST = 0.1;

  private final int executors;
  private double turnNs;
  private long tookNs;
  private boolean isBusy;

  Pace(int executors) {
    this.executors = executors;
  }

  /** A batch was taken; {@code isBusy} where requests are left. */
  void took(long nowNs, boolean areLeft) {
    if (isBusy) {
      learn((double) (nowNs - tookNs));
    }
    tookNs = nowNs;
    isBusy = areLeft;
  }

  /** A batch was executed. */
  void ran(long durationNs) {
    if (!isBusy) {
      learn(durationNs / (double) executors);
    }
  }

  /** How long so many batches take; nothing where no batch has been seen yet. */
  Duration of(int batches) {
    return Duration.ofNanos((long) (batches * turnNs));
  }

  private void learn(double newest) {
    turnNs = turnNs == 0 ? newest : turnNs + NEWEST * (newest - turnNs);
  }
}
