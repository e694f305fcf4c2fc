package io.tidemill.task;

/**
 * One parallel instance of a chain of operators, named after the vertex that the chain begins with.
 */
public record TaskId(String vertex, int subtask) {
  @Override
  public String toString() {
    return vertex + "/" + subtask;
  }
}
