package io.tidemill.train;

/** After which steps a training has something done, beside the last: a checkpoint, a version. */
public sealed interface CheckpointPolicy {
  /** After every {@code steps} steps. */
  record EverySteps(long steps) implements CheckpointPolicy {}

  /** After the step at which so much time has passed since the last one. */
  record EveryNs(long intervalNs) implements CheckpointPolicy {}

  /** After none. */
  record AtEnd() implements CheckpointPolicy {}

  /** After the steps of both. */
  record Either(CheckpointPolicy one, CheckpointPolicy other) implements CheckpointPolicy {}

  /** Whether one is due after {@code step}, {@code elapsedNs} after the last. */
  default boolean isDue(long step, long elapsedNs) {
    return switch (this) {
      case EverySteps(long steps) -> step % steps == 0;
      case EveryNs(long intervalNs) -> elapsedNs >= intervalNs;
      case AtEnd() -> false;
      case Either(CheckpointPolicy one, CheckpointPolicy other) ->
          one.isDue(step, elapsedNs) || other.isDue(step, elapsedNs);
    };
  }
}
