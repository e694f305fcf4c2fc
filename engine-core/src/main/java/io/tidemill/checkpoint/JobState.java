package io.tidemill.checkpoint;

/** How a job stands; RUNNING in a job that nobody holds means that it was killed. */
public enum JobState {
  RUNNING,
  FINISHED,
  FAILED
}
