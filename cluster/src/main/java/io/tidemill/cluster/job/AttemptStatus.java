package io.tidemill.cluster.job;

import java.util.List;

/**
 * How a part of an attempt stands on its worker.
 *
 * @param rank 0 leads, and speaks for the attempt
 * @param seats where the other ranks are to join; empty for these
 * @param outcome what it came to: a report as one JSON object, or a sentence; empty while it runs
 */
public record AttemptStatus(
    String job,
    long attempt,
    int rank,
    State state,
    Reached progress,
    List<Seat> seats,
    String outcome) {
  public AttemptStatus {
    seats = List.copyOf(seats);
  }

  /** Where an attempt can stand. */
  public enum State {
    RUNNING,
    FINISHED,
    /** By a fault of its own: another attempt would come to the same. */
    FAILED,
    /** For want of a process that worked a rank. */
    INTERRUPTED
  }

  /**
   * How far it is.
   *
   * @param step steps done
   * @param totalSteps steps in all, -1 while that is unknown
   * @param samples samples that training has gone through
   * @param loss mean loss of the last step, 0 before the first
   */
  public record Reached(
      long step, long totalSteps, long samples, double samplesPerSecond, double loss) {
    /** Nothing done. */
    public static final Reached NONE = new Reached(0, -1, 0, 0, 0);
  }
}
