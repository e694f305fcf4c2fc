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
  /** Weight of the newest in the running means. */
  private static final double NEWEST = 0.1;

  private final int executors;
  private double turnNs;
  private double batchNs;
  private long tookNs;
  private boolean isBusy;

  Pace(int executors) {
    this.executors = executors;
  }

  /** A batch was taken; {@code areLeft} where requests are left that somebody waits for. */
  void took(long nowNs, boolean areLeft) {
    if (isBusy) {
      turnNs = learn(turnNs, (double) (nowNs - tookNs));
    }
    tookNs = nowNs;
    isBusy = areLeft;
  }

  /** A batch was executed. */
  void ran(long durationNs) {
    batchNs = learn(batchNs, (double) durationNs);
    if (!isBusy) {
      turnNs = learn(turnNs, durationNs / (double) executors);
    }
  }

  /** How long so many batches take; nothing where no batch has been seen yet. */
  Duration of(int batches) {
    return Duration.ofNanos((long) (batches * turnNs));
  }

  /** How long it takes from the turn of a request to its answer, where it is so many batches. */
  Duration ofOwn(int batches) {
    return Duration.ofNanos((long) ((batches - 1) * turnNs + batchNs));
  }

  private static double learn(double mean, double newest) {
    return mean == 0 ? newest : mean + NEWEST * (newest - mean);
  }
}
