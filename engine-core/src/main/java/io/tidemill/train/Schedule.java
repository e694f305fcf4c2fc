package io.tidemill.train;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.program.Optimizer;

/**
 * How the learning rate changes in the course of a training: a pure function of the step and of how
 * many there are.
 *
 * <p>Each schedule may begin with a warm-up of {@code warmUpSteps} steps, in which the rate grows
 * in a straight line: step t, from 0, of w has the share (t + 1) / (w + 1). What follows begins at
 * the full rate at step w.
 */
public sealed interface Schedule {

  long warmUpSteps();

  /** The same schedule behind a warm-up of so many steps. */
  Schedule warmUp(long steps);

  /** Whether the rate depends on how many steps there will be. */
  boolean needsTotal();

  /** The share of the full rate {@code step} steps after the warm-up, of {@code steps} after it. */
  double shareAfterWarmUp(long step, long steps);

  /** The same rate for every step. */
  static Schedule constant() {
    return new Constant(0);
  }

  /** Falls in a straight line, from the full rate at the first step to zero behind the last. */
  static Schedule linear() {
    return new Linear(0, 0);
  }

  /** Falls along half a cosine to the share {@code floor} of the full rate behind the last step. */
  static Schedule cosine(long warmUpSteps, double floor) {
    return new Cosine(warmUpSteps, floor);
  }

  /** Is multiplied by {@code factor} after every {@code steps} steps. */
  static Schedule every(long steps, double factor) {
    return new Step(0, steps, factor);
  }

  /** See {@link Schedule#constant()}. */
  record Constant(long warmUpSteps) implements Schedule {
    public Constant {
      requireWarmUp(warmUpSteps);
    }

    @Override
    public Constant warmUp(long steps) {
      return new Constant(steps);
    }

    @Override
    public boolean needsTotal() {
      return false;
    }

    @Override
    public double shareAfterWarmUp(long step, long steps) {
      return 1;
    }
  }

  /**
   * A straight line from the full rate to the share {@code floor} of it behind the last step; see
   * {@link Schedule#linear()}.
   */
  record Linear(long warmUpSteps, double floor) implements Schedule {
    public Linear {
      requireWarmUp(warmUpSteps);
      requireShare("floor", floor);
    }

    @Override
    public Linear warmUp(long steps) {
      return new Linear(steps, floor);
    }

    @Override
    public boolean needsTotal() {
      return true;
    }

    @Override
    public double shareAfterWarmUp(long step, long steps) {
      return floor + (1 - floor) * (1 - (double) step / steps);
    }
  }

  /**
   * {@code floor + (1 - floor) (1 + cos(pi t / T)) / 2}: Loshchilov, Hutter 2017 (SGDR) without
   * restarts, equation 5; with a warm-up as nanoGPT has it.
   */
  record Cosine(long warmUpSteps, double floor) implements Schedule {
    public Cosine {
      requireWarmUp(warmUpSteps);
      requireShare("floor", floor);
    }

    @Override
    public Cosine warmUp(long steps) {
      return new Cosine(steps, floor);
    }

    @Override
    public boolean needsTotal() {
      return true;
    }

    @Override
    public double shareAfterWarmUp(long step, long steps) {
      double done = (double) step / steps;
      return floor + (1 - floor) * (1 + StrictMath.cos(Math.PI * done)) / 2;
    }
  }

  /** {@code factor^(t / every)}, the quotient a whole number; t counts after the warm-up. */
  record Step(long warmUpSteps, long every, double factor) implements Schedule {
    public Step {
      requireWarmUp(warmUpSteps);
      require(every > 0, "schedule every has to be at least 1 step, is " + every);
      require(
          factor > 0 && factor < Double.POSITIVE_INFINITY,
          "schedule factor expected a finite number above 0, found " + factor);
    }

    @Override
    public Step warmUp(long steps) {
      return new Step(steps, every, factor);
    }

    @Override
    public boolean needsTotal() {
      return false;
    }

    @Override
    public double shareAfterWarmUp(long step, long steps) {
      long times = step / every;
      return StrictMath.pow(factor, (double) times);
    }
  }

  /** The share of the full rate at {@code step}, counted from 0, of {@code totalSteps}. */
  default double share(long step, long totalSteps) {
    long warmUp = warmUpSteps();
    return step < warmUp
        ? (step + 1.0) / (warmUp + 1.0)
        : shareAfterWarmUp(step - warmUp, totalSteps - warmUp);
  }

  /** The optimiser as it is at a step; its rate never falls below the smallest normal float. */
  default Optimizer at(Optimizer optimizer, long step, long totalSteps) {
    float rate = (float) (optimizer.learningRate() * share(step, totalSteps));
    return optimizer.withLearningRate(Math.max(rate, Float.MIN_NORMAL));
  }

  private static void requireWarmUp(long steps) {
    require(steps >= 0, "schedule warmUpSteps has to be at least 0, is " + steps);
  }

  private static void requireShare(String name, double share) {
    require(
        share >= 0 && share <= 1,
        "schedule " + name + " expected a number from 0 to 1, found " + share);
  }

  private static void require(boolean condition, String sentence) {
    if (!condition) {
      throw new EngineException(ErrorCode.INVALID_ARGUMENT, sentence);
    }
  }
}
