package io.tidemill.local;

import java.util.OptionalDouble;
import java.util.OptionalLong;

/** Who watches a job. Called on the thread that runs {@link LocalJob#run}, a few times a second. */
public interface JobListener {
  /** Watches nothing. */
  JobListener NONE = new JobListener() {};

  /** How far the job is. */
  default void progress(Progress progress) {}

  /** Something happened that the user should read: one sentence. */
  default void notice(String sentence) {}

  /** A version of a model can be served. */
  default void published(JobReport.PublishedModel model) {}

  /**
   * How far a job is.
   *
   * @param records records read from all sources
   * @param totalRecords about how many there are
   * @param epoch epoch that training is in, from 1; 0 where nothing is trained
   * @param epochs epochs in all
   * @param step steps done
   * @param totalSteps steps in all, once known
   * @param samples samples that training has gone through
   * @param skippedSteps steps whose batches left no trace in the weights
   * @param loss mean loss of the last step
   * @param samplesPerSecond training rate over the last second or so
   */
  record Progress(
      long records,
      OptionalLong totalRecords,
      long epoch,
      long epochs,
      long step,
      OptionalLong totalSteps,
      long samples,
      long skippedSteps,
      OptionalDouble loss,
      double samplesPerSecond) {}
}
