package io.tidemill.program;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;

/** How a gradient moves the parameters; a device applies it to any slice of the arena. */
public sealed interface Optimizer {

  float learningRate();

  /** The same optimiser at another rate: for schedules. */
  Optimizer withLearningRate(float learningRate);

  /** How many float arenas of {@link ParameterLayout#floats()} it keeps, all zero at first. */
  int moments();

  /**
   * Stochastic gradient descent: {@code v = momentum v + g; p -= rate v}, or with Nesterov's
   * look-ahead {@code p -= rate (g + momentum v)}. Without momentum there is no moment.
   */
  record Sgd(float learningRate, float momentum, boolean nesterov) implements Optimizer {
    public Sgd {
      requirePositive("learningRate", learningRate);
      requireFraction("momentum", momentum);
      if (nesterov && momentum == 0) {
        throw new EngineException(
            ErrorCode.INVALID_ARGUMENT,
            "sgd with nesterov needs a momentum above 0: expected (0, 1), found 0");
      }
    }

    public static Sgd of(float learningRate) {
      return new Sgd(learningRate, 0, false);
    }

    public static Sgd of(float learningRate, float momentum) {
      return new Sgd(learningRate, momentum, false);
    }

    @Override
    public Sgd withLearningRate(float rate) {
      return new Sgd(rate, momentum, nesterov);
    }

    @Override
    public int moments() {
      return momentum == 0 ? 0 : 1;
    }
  }

  /**
   * Adam with bias correction: {@code m = b1 m + (1-b1) g; v = b2 v + (1-b2) g²; p -= rate m' /
   * (sqrt(v') + epsilon)}. Kingma, Ba 2015, algorithm 1. Moments: m, then v.
   */
  record Adam(float learningRate, float beta1, float beta2, float epsilon) implements Optimizer {
    public Adam {
      requirePositive("learningRate", learningRate);
      requireFraction("beta1", beta1);
      requireFraction("beta2", beta2);
      requirePositive("epsilon", epsilon);
    }

    public static Adam of(float learningRate) {
      return new Adam(learningRate, 0.9f, 0.999f, 1e-8f);
    }

    @Override
    public Adam withLearningRate(float rate) {
      return new Adam(rate, beta1, beta2, epsilon);
    }

    @Override
    public int moments() {
      return 2;
    }
  }

  private static void requirePositive(String name, float number) {
    if (!(number > 0 && number < Float.POSITIVE_INFINITY)) {
      throw new EngineException(
          ErrorCode.INVALID_ARGUMENT,
          "optimizer " + name + " expected a finite number above 0, found " + number);
    }
  }

  private static void requireFraction(String name, float number) {
    if (!(number >= 0 && number < 1)) {
      throw new EngineException(
          ErrorCode.INVALID_ARGUMENT,
          "optimizer " + name + " expected a number in [0, 1), found " + number);
    }
  }
}
