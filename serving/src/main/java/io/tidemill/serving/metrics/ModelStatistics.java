package io.tidemill.serving.metrics;

/**
 * What one model version has done since it was loaded.
 *
 * @param lastMs when a request was last answered, milliseconds of the epoch; 0 for never
 * @param rows rows inferred
 * @param batches batches executed
 * @param success requests answered, and their whole time
 * @param failure requests refused or failed
 * @param queue requests that waited, and how long
 * @param compute batches, and their time on the device
 */
public record ModelStatistics(
    long lastMs,
    long rows,
    long batches,
    Total success,
    Total failure,
    Total queue,
    Total compute) {

  /** How many there were, and their time, summed. */
  public record Total(long count, long ns) {}
}
