package io.tidemill.train;

/**
 * What a training does at a step whose loss or gradient is not a finite number: one decision, the
 * same on every rank, before anything has changed (docs/design/0006).
 *
 * <p>With {@link #STOP} the loss is looked at, and the gradient's norm where gradients are clipped;
 * with the others always both.
 */
public enum NonFinite {
  /** The job fails with a sentence that names step, shard and layer. */
  STOP("stop"),

  /**
   * The step's batch changes nothing: weights, moments and running averages stay. The schedule goes
   * on; the optimiser counts the step as never taken.
   */
  SKIP_STEP("skip"),

  /**
   * Weights, moments and running averages become those of the last checkpoint, or the first ones,
   * and training goes on with the next step: the batches since that checkpoint, this one included,
   * leave no trace. Checkpoints have to come after fixed steps.
   */
  ROLL_BACK("rollback");

  /** Steps that may fail in a row, or since one checkpoint, before the job fails after all. */
  static final int MOST_FAILURES = 10;

  private final String word;

  NonFinite(String word) {
    this.word = word;
  }

  /** The word that users give: stop, skip, rollback. */
  public String word() {
    return word;
  }
}
