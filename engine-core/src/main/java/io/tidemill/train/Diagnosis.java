package io.tidemill.train;

import io.tidemill.device.DeviceBuffer;
import io.tidemill.device.Execution;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.util.Optional;

/**
 * Finds where a step that is not finite began, by running its shards again in checking mode.
 *
 * <p>Used where the training fails: it overwrites the gradients of the shards that it looks at.
 */
final class Diagnosis {
  private final Gang gang;
  private final Batches batches;
  private final DeviceBuffer parameters;
  private final Execution execution;

  /** {@code parameters} are those that the step began with. */
  Diagnosis(Gang gang, Batches batches, DeviceBuffer parameters, Execution execution) {
    this.gang = gang;
    this.batches = batches;
    this.parameters = parameters;
    this.execution = execution;
  }

  /** The sentence: what, where, and what to do; {@code steps} is the step, counted from 1. */
  EngineException failure(
      String what, double number, long steps, NonFinite policy, StepCount remembered) {
    return new EngineException(
        ErrorCode.INVALID_DATA,
        "the "
            + what
            + " is "
            + number
            + " at step="
            + steps
            + origin(steps - 1)
            + attempts(policy, remembered)
            + "; lower the learning rate, or look for NaN and infinities in the features");
  }

  private static String attempts(NonFinite policy, StepCount remembered) {
    return switch (policy) {
      case STOP -> "";
      case SKIP_STEP -> "; " + NonFinite.MOST_FAILURES + " steps before it were skipped";
      case ROLL_BACK ->
          "; training has gone back "
              + NonFinite.MOST_FAILURES
              + " times to the state after step "
              + remembered.completed();
    };
  }

  private String origin(long step) {
    int shards = gang.training().shards();
    boolean losses = false;
    for (int shard = 0; shard < shards; shard++) {
      losses |= !gang.hasFiniteLoss(shard);
    }
    for (int shard = 0; shard < shards; shard++) {
      if (!losses || !gang.hasFiniteLoss(shard)) {
        Optional<String> found = find(step, shard);
        if (found.isPresent()) {
          return " shard=" + shard + ": " + found.get();
        }
      }
    }
    return ", though every shard's part of it is finite";
  }

  private Optional<String> find(long step, int shard) {
    for (int microBatch = 0; microBatch < gang.training().accumulated(); microBatch++) {
      batches.fill(step, microBatch, shard, execution);
      Optional<String> found = execution.findNonFinite(parameters, gang.gradientOf(shard));
      if (found.isPresent()) {
        return found;
      }
    }
    return Optional.empty();
  }
}
