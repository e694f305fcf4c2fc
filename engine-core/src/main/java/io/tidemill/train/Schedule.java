package io.tidemill.train;

import io.tidemill.program.Optimizer;

/** How the learning rate changes in the course of a training: a pure function of the step. */
public enum Schedule {
  /** The same rate for every step. */
  CONSTANT {
    @Override
    float factor(long step, long totalSteps) {
      return 1;
    }
  },
  /** Falls in a straight line, from the full rate at the first step to zero behind the last. */
  LINEAR {
    @Override
    float factor(long step, long totalSteps) {
      return (float) (1 - (double) step / totalSteps);
    }
  };

  /** The share of the full rate at {@code step}, counted from 0, of {@code totalSteps}. */
  abstract float factor(long step, long totalSteps);

  /** The optimiser as it is at a step. */
  Optimizer at(Optimizer optimizer, long step, long totalSteps) {
    return this == CONSTANT
        ? optimizer
        : optimizer.withLearningRate(optimizer.learningRate() * factor(step, totalSteps));
  }
}
