package io.tidemill.local;

import io.tidemill.program.Precision;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/**
 * What came of a job.
 *
 * @param job its name
 * @param steps optimiser updates, those before a resumed checkpoint included
 * @param samples samples that training has gone through, likewise
 * @param skippedSteps steps whose batches left no trace in the weights, because they were not
 *     finite
 * @param seconds wall-clock time of this attempt
 * @param samplesPerSecond training rate of this attempt, 0 where nothing was trained
 * @param metrics what was measured, by name
 * @param texts what was presented, by name
 * @param weightsSha256 hash of the trained parameters; absent where nothing was trained
 * @param checkpoint folder of the last checkpoint
 * @param model the model version that was published
 * @param workers workers that ran it
 * @param mode {@code strict} or {@code fast}
 * @param precision of the matrix products of training
 */
public record JobReport(
    String job,
    long steps,
    long samples,
    long skippedSteps,
    double seconds,
    double samplesPerSecond,
    Map<String, Double> metrics,
    Map<String, String> texts,
    Optional<String> weightsSha256,
    Optional<Path> checkpoint,
    Optional<PublishedModel> model,
    int workers,
    String mode,
    Precision precision) {
  /** A version in the model store. */
  public record PublishedModel(String name, long version, Path path) {}
}
