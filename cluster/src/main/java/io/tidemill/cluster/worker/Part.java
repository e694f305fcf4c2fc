package io.tidemill.cluster.worker;

import io.tidemill.cluster.job.AttemptStatus;

/** A part of an attempt that runs on this worker. Any thread may ask and cancel. */
interface Part {
  /** Number of the attempt. */
  long attempt();

  AttemptStatus status();

  /** Ends it soon. */
  void cancel();

  default boolean hasEnded() {
    return status().state() != AttemptStatus.State.RUNNING;
  }
}
