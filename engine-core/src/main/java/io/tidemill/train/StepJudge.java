package io.tidemill.train;

import io.tidemill.program.Optimizer;

/**
 * Decides what becomes of the weights in each step, by numbers that all ranks know, and so the same
 * on all of them; and counts what became of them.
 *
 * <p>For whoever opens a phase, or stands between two steps.
 */
final class StepJudge {
  /** Against division by zero, as PyTorch's clip_grad_norm_. */
  private static final double NORM_EPSILON = 1e-6;

  /** What becomes of the weights in a step. */
  enum Verdict {
    UPDATE,
    SKIP,
    GO_BACK
  }

  private final Training<?> training;
  private final Batches batches;
  private Verdict verdict = Verdict.UPDATE;
  private Slice.Update update;
  private StepCount count = StepCount.NONE;
  private StepCount remembered = StepCount.NONE;

  StepJudge(Training<?> training, Batches batches) {
    this.training = training;
    this.batches = batches;
  }

  /** The training stands here. */
  void standBehind(StepCount steps) {
    count = steps;
  }

  /** Where training stands is what it may go back to. */
  void remember() {
    count = count.remembered(training.onNonFinite());
    remembered = count;
  }

  StepCount count() {
    return count;
  }

  /** What training may go back to. */
  StepCount remembered() {
    return remembered;
  }

  /** Decides by the loss of a step, or by its gradient's norm; false where the training fails. */
  boolean mayGoOn(double number) {
    NonFinite policy = training.onNonFinite();
    if (Double.isFinite(number)) {
      verdict = Verdict.UPDATE;
      return true;
    }
    if (policy == NonFinite.STOP || count.failures() == NonFinite.MOST_FAILURES) {
      return false;
    }
    verdict = policy == NonFinite.SKIP_STEP ? Verdict.SKIP : Verdict.GO_BACK;
    return true;
  }

  Verdict verdict() {
    return verdict;
  }

  boolean updates() {
    return verdict == Verdict.UPDATE;
  }

  /** The step, counted from 1, moves by the gradient as it is. */
  void prepareUpdate(long steps) {
    prepareUpdate(steps, 1);
  }

  /** The step moves by a gradient of this norm, clipped. */
  void prepareClipped(long steps, double norm) {
    prepareUpdate(steps, (float) Math.min(1, training.clipNorm() / (norm + NORM_EPSILON)));
  }

  /** What was prepared. */
  Slice.Update update() {
    return update;
  }

  /** A step is done, as it was decided. */
  void countStep() {
    count =
        switch (verdict) {
          case UPDATE -> count.afterUpdate(training.onNonFinite());
          case SKIP -> count.afterSkip();
          case GO_BACK -> count.afterRollBack(remembered);
        };
  }

  private void prepareUpdate(long steps, float scale) {
    Optimizer optimizer = batches.optimizerAt(steps - 1);
    update = new Slice.Update(optimizer, optimizer.withoutDecay(), count.applied() + 1, scale);
  }
}
