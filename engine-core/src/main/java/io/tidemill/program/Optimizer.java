package io.tidemill.program;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;

/** How a gradient moves the parameters; a device applies it to any slice of the arena. */
public sealed interface Optimizer {

  float learningRate();

  /** The same optimiser at another rate: for schedules. */
  Optimizer withLearningRate(float learningRate);

  /** The same optimiser for parameters that are not to shrink; itself where nothing shrinks. */
  default Optimizer withoutDecay() {
    return this;
  }

  /** How many float arenas of {@link ParameterLayout#floats()} it keeps, all zero at first. */
  int moments();

  /**
   * Stochastic gradient descent: {@code v = momentum v + g; p -= rate v}, or with Nesterov's
   * look-ahead {@code p -= rate (g + momentum v)}. Without momentum there is no moment. Sutskever
   * and others 2013, in the form of PyTorch.
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

    /** The same with other decays of the moments. */
    public Adam withBetas(float first, float second) {
      return new Adam(learningRate, first, second, epsilon);
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

  /**
   * Adam with decoupled weight decay: {@code p -= rate decay p}, then {@link Adam}. Loshchilov,
   * Hutter 2019, in the form of PyTorch, where the schedule acts on the decay too.
   *
   * <p>Training lets only parameters of two and more dimensions decay (weights of dense layers,
   * convolutions and embeddings, but no bias and no gain of a norm), as nanoGPT does.
   */
  record AdamW(float learningRate, float beta1, float beta2, float epsilon, float weightDecay)
      implements Optimizer {
    public AdamW {
      requirePositive("learningRate", learningRate);
      requireFraction("beta1", beta1);
      requireFraction("beta2", beta2);
      requirePositive("epsilon", epsilon);
      requireFraction("weightDecay", weightDecay);
    }

    /** With a decay of 0.01. */
    public static AdamW of(float learningRate) {
      return of(learningRate, 0.01f);
    }

    public static AdamW of(float learningRate, float weightDecay) {
      return new AdamW(learningRate, 0.9f, 0.999f, 1e-8f, weightDecay);
    }

    /** The same with other decays of the moments. */
    public AdamW withBetas(float first, float second) {
      return new AdamW(learningRate, first, second, epsilon, weightDecay);
    }

    /** What follows the decay. */
    public Adam adam() {
      return new Adam(learningRate, beta1, beta2, epsilon);
    }

    /** What a step multiplies a parameter by. */
    public float shrinkage() {
      return (float) (1 - (double) learningRate * weightDecay);
    }

    @Override
    public AdamW withLearningRate(float rate) {
      return new AdamW(rate, beta1, beta2, epsilon, weightDecay);
    }

    @Override
    public Adam withoutDecay() {
      return adam();
    }

    @Override
    public int moments() {
      return 2;
    }
  }

  /**
   * The rate of each parameter falls with what its gradient has been: {@code s += g²; p -= rate g /
   * (sqrt(s) + epsilon)}. Duchi, Hazan, Singer 2011, in the form of PyTorch. Moment: s.
   */
  record Adagrad(float learningRate, float epsilon) implements Optimizer {
    public Adagrad {
      requirePositive("learningRate", learningRate);
      requirePositive("epsilon", epsilon);
    }

    public static Adagrad of(float learningRate) {
      return new Adagrad(learningRate, 1e-10f);
    }

    @Override
    public Adagrad withLearningRate(float rate) {
      return new Adagrad(rate, epsilon);
    }

    @Override
    public int moments() {
      return 1;
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
