package io.tidemill.serving.batch;

import io.tidemill.tensor.NamedTensor;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** What {@link BatchQueue#submit} says at once. */
public sealed interface Submission {
  /** The request is queued; the outputs come in the signature's order. */
  record Accepted(CompletableFuture<List<NamedTensor>> outputs) implements Submission {}

  /** The request has more rows than could ever be queued. */
  record TooLarge(int rows, int mostRows) implements Submission {}

  /**
   * The queue is full.
   *
   * @param queuedRows rows that wait
   * @param retryAfter when the queue will have been worked off, by the rate seen lately
   */
  record Refused(int queuedRows, Duration retryAfter) implements Submission {}
}
