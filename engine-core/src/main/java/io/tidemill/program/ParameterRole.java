package io.tidemill.program;

/** What moves a parameter in the course of a training. */
public enum ParameterRole {
  /** The optimiser, by its gradient. */
  TRAINED,

  /**
   * The optimiser, row by row: a step moves the rows that it looks up, and no others. Only {@link
   * Op.Embedding} may read such a table, and its gradient is an {@link Op.EmbeddingRowsGradient}.
   */
  TRAINED_BY_ROW,

  /** Nothing: it is learnt from the data before the first step. */
  ADAPTED,

  /**
   * Each step's batch: the parameter is a running average of a statistic. The program writes the
   * statistic where other parameters have their gradient, weighted so that the sum over shards is
   * that of the batch.
   */
  AVERAGED;

  /** Whether the optimiser moves it. */
  public boolean isTrained() {
    return this == TRAINED || this == TRAINED_BY_ROW;
  }
}
