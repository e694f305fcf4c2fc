package io.tidemill.program;

/** What moves a parameter in the course of a training. */
public enum ParameterRole {
  /** The optimiser, by its gradient. */
  TRAINED,

  /** Nothing: it is learnt from the data before the first step. */
  ADAPTED,

  /**
   * Each step's batch: the parameter is a running average of a statistic. The program writes the
   * statistic where other parameters have their gradient, weighted so that the sum over shards is
   * that of the batch.
   */
  AVERAGED
}
