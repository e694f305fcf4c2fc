package io.tidemill.serving.batch;

import io.tidemill.tensor.NamedTensor;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** What {@link BatchQueue#submit} says at once. */
public sealed interface Submission {
  /**
   * The request is queued.
   *
   * @param outputs in the signature's order, once they are computed
   * @param withdraw says that nobody waits for them any more: rows that no batch has taken yet are
   *     not computed
   */
  record Accepted(CompletableFuture<List<NamedTensor>> outputs, Runnable withdraw)
      implements Submission {}

  /** The request has more rows than could ever be queued. */
  record TooLarge(int rows, int mostRows) implements Submission {}

  /**
   * The request would wait too long.
   *
   * @param queuedRows rows that wait
   * @param delay how long it would wait, by the pace of late
   */
  record Refused(int queuedRows, Duration delay) implements Submission {}
}
