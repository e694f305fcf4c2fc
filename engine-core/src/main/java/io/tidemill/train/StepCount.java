package io.tidemill.train;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.nio.file.Path;
import java.util.Map;

/**
 * Where a training stands between two steps.
 *
 * @param completed steps done: the position in the data and in the schedule
 * @param applied updates that made these weights, which the optimiser counts by
 * @param failures steps that were not finite: in a row, or since the state that training last went
 *     back to
 */
record StepCount(long completed, long applied, int failures) {
  static final StepCount NONE = new StepCount(0, 0, 0);

  private static final String STEP = "step";
  private static final String UPDATES = "updates";
  private static final String FAILURES = "failures";

  /** Steps whose batches left no trace in the weights. */
  long skipped() {
    return completed - applied;
  }

  /** After a step that updated the weights. */
  StepCount afterUpdate(NonFinite policy) {
    // Going back ends at the next checkpoint only, however many steps went well since.
    int kept = policy == NonFinite.ROLL_BACK ? failures : 0;
    return new StepCount(completed + 1, applied + 1, kept);
  }

  /** After a step that changed nothing. */
  StepCount afterSkip() {
    return new StepCount(completed + 1, applied, failures + 1);
  }

  /** After a step that put the weights back to those of {@code remembered}. */
  StepCount afterRollBack(StepCount remembered) {
    return new StepCount(completed + 1, remembered.applied, failures + 1);
  }

  /** As a state to go back to. */
  StepCount remembered(NonFinite policy) {
    return policy == NonFinite.ROLL_BACK ? new StepCount(completed, applied, 0) : this;
  }

  /** As a file of weights has it. */
  Map<String, String> toMetadata() {
    return Map.of(
        STEP, Long.toString(completed),
        UPDATES, Long.toString(applied),
        FAILURES, Long.toString(failures));
  }

  /**
   * As it was written.
   *
   * @param file that it was found in
   */
  static StepCount of(Map<String, String> metadata, Path file) {
    return new StepCount(
        number(metadata, STEP, file),
        number(metadata, UPDATES, file),
        Math.toIntExact(number(metadata, FAILURES, file)));
  }

  private static long number(Map<String, String> metadata, String name, Path file) {
    String text = metadata.getOrDefault(name, "");
    try {
      return Long.parseLong(text);
    } catch (NumberFormatException e) {
      throw new EngineException(
          ErrorCode.CORRUPT_STATE,
          "%s does not say where training stood: expected a number as %s, found \"%s\""
              .formatted(file, name, text),
          e);
    }
  }
}
