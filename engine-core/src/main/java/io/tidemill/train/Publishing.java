package io.tidemill.train;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.time.Duration;

/**
 * When the weights of a training become versions of a model, and how many of these stay.
 *
 * <p>A version is made of a committed checkpoint only, and the last checkpoint of a run always
 * makes one. With {@link CheckpointPolicy.EverySteps} a checkpoint is taken after those steps, so
 * the versions are the same however many workers train; with {@link CheckpointPolicy.EveryNs} the
 * next checkpoint after that time makes one. Design: docs/design/0019-publishing.md.
 *
 * @param after after which steps a version is made, beside the last
 * @param kept versions of one run that stay, the newest; of the older ones those stay that traffic,
 *     a label or a savepoint names
 */
public record Publishing(CheckpointPolicy after, int kept) {
  /** How many versions of a run stay when nothing is said. */
  public static final int KEPT = 5;

  private static final Duration OF_ENDLESS = Duration.ofSeconds(30);

  public Publishing {
    if (kept < 1) {
      throw new EngineException(
          ErrorCode.INVALID_ARGUMENT, "versions that are kept: expected at least 1, found " + kept);
    }
  }

  /** One version, of the last checkpoint. */
  public static Publishing atEnd() {
    return new Publishing(new CheckpointPolicy.AtEnd(), KEPT);
  }

  /** A version after every {@code steps} steps, and one at the end; 0 for the end only. */
  public static Publishing everySteps(long steps) {
    if (steps < 0) {
      throw new EngineException(
          ErrorCode.INVALID_ARGUMENT,
          "steps between versions: expected at least 1, or 0 for a version at the end only, found "
              + steps);
    }
    return steps == 0 ? atEnd() : new Publishing(new CheckpointPolicy.EverySteps(steps), KEPT);
  }

  /** A version of the first checkpoint, and of each that comes so long after the last version. */
  public static Publishing every(Duration interval) {
    if (!interval.isPositive()) {
      throw new EngineException(
          ErrorCode.INVALID_ARGUMENT,
          "time between versions: expected more than nothing, found " + interval);
    }
    return new Publishing(new CheckpointPolicy.EveryNs(interval.toNanos()), KEPT);
  }

  /** What is done when nothing is said: a training that has an end is published when it is over. */
  public static Publishing unlessSaid(boolean isEndless) {
    return isEndless ? every(OF_ENDLESS) : atEnd();
  }

  /** This, with so many versions that stay. */
  public Publishing keep(int versions) {
    return new Publishing(after, versions);
  }
}
