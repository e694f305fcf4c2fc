package io.tidemill.cluster.message;

/** What only the process that leads a job can answer. */
public enum Question {
  /** Take a savepoint: answered by {@link HeadAnswer.Saved}, once it is durable. */
  SAVEPOINT,
  /** How the graph is laid out, and what has flowed: {@link HeadAnswer.Graph}. */
  GRAPH
}
