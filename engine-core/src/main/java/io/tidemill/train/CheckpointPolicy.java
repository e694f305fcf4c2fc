package io.tidemill.train;

/** After which steps a training has a checkpoint taken, beside the one at the end. */
public sealed interface CheckpointPolicy {
  /** After every {@code steps} steps. */
  record EverySteps(long steps) implements CheckpointPolicy {}

  /** After the step at which so much time has passed since the last one. */
  record EveryNs(long intervalNs) implements CheckpointPolicy {}

  /** After none. */
  record AtEnd() implements CheckpointPolicy {}

  /** Whether one is due after {@code step}, {@code elapsedNs} after the last. */
  default boolean isDue(long step, long elapsedNs) {
    return switch (this) {
      case EverySteps(long steps) -> step % steps == 0;
      case EveryNs(long intervalNs) -> elapsedNs >= intervalNs;
      case AtEnd() -> false;
    };
  }
}
