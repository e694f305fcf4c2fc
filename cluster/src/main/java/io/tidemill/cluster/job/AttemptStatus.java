package io.tidemill.cluster.job;

/**
 * How an attempt stands on its worker.
 *
 * @param step steps done
 * @param totalSteps steps in all, -1 while that is unknown
 * @param samples samples that training has gone through
 * @param loss mean loss of the last step, 0 before the first
 * @param outcome what it came to: a report as one JSON object, or a sentence; empty while it runs
 */
public record AttemptStatus(
    String job,
    long attempt,
    State state,
    long step,
    long totalSteps,
    long samples,
    double samplesPerSecond,
    double loss,
    String outcome) {
  /** Where an attempt can stand. */
  public enum State {
    RUNNING,
    FINISHED,
    FAILED
  }
}
