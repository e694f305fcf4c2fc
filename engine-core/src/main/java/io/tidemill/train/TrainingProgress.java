package io.tidemill.train;

/** How far a training is. Its first rank writes; any thread reads. */
public final class TrainingProgress {
  private volatile long step;
  private volatile long samples;
  private volatile long totalSteps = -1;
  private volatile long skipped;
  private volatile float loss = Float.NaN;
  private volatile boolean complete;
  private volatile long checkpointedSteps;
  private volatile long checkpointedSamples;

  private final EventTimes eventTimes = new EventTimes();

  /** What is known of the times of the rows. */
  EventTimes eventTimes() {
    return eventTimes;
  }

  /** Steps done. */
  public long step() {
    return step;
  }

  /** Samples that training has gone through, those of skipped steps included. */
  public long samples() {
    return samples;
  }

  /** Steps in all, -1 while unknown. */
  public long totalSteps() {
    return totalSteps;
  }

  /** Steps whose batches left no trace in the weights; see {@link NonFinite}. */
  public long skippedSteps() {
    return skipped;
  }

  /** Mean loss of the last step's batch. */
  public float loss() {
    return loss;
  }

  /** Steps in the last checkpoint that was captured. */
  public long checkpointedSteps() {
    return checkpointedSteps;
  }

  /** Samples in the last checkpoint that was captured. */
  public long checkpointedSamples() {
    return checkpointedSamples;
  }

  /** Whether all steps are done, so that nothing is wanted any more. */
  boolean isComplete() {
    return complete;
  }

  void advance(long steps, long samplesDone, float lossOfStep) {
    samples = samplesDone;
    loss = lossOfStep;
    step = steps;
  }

  void skipped(long steps) {
    skipped = steps;
  }

  void checkpointed(long steps, long samplesDone) {
    checkpointedSteps = steps;
    checkpointedSamples = samplesDone;
  }

  void totalSteps(long steps) {
    totalSteps = steps;
  }

  void complete() {
    complete = true;
  }
}
