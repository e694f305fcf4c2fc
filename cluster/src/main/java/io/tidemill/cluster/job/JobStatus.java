package io.tidemill.cluster.job;

/** How a submitted job stands. */
public enum JobStatus {
  /** Waits for slots. */
  QUEUED,
  /** An attempt of it is assigned to workers. */
  RUNNING,
  FINISHED,
  FAILED,
  CANCELLED;

  /** Whether a user may have it go on. */
  public boolean isResumable() {
    return this == FAILED || this == CANCELLED;
  }

  /** Whether nothing more will happen by itself. */
  public boolean isEnd() {
    return this == FINISHED || this == FAILED || this == CANCELLED;
  }
}
