package io.tidemill.serving.batch;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.serving.inference.Urgency;
import io.tidemill.serving.metrics.ModelMeters;
import io.tidemill.tensor.NamedTensor;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;

/**
 * The requests that wait for one model version, batched without delay.
 *
 * <p>An executor that is free takes all rows that wait, up to the cap; nothing waits for company.
 * So batches are of one row when it is quiet and fill up by themselves under load. A request of
 * more rows than the cap is cut into several batches. Requests are served by priority, then in
 * order of arrival.
 *
 * <p>A request is refused where it would wait longer than the limit or than its own deadline allow,
 * by the pace of late. Where it has waited beyond its deadline after all, or its client has left,
 * it is not computed.
 *
 * <p>Any thread submits. The lock is held for moving references only, never while computing.
 */
public final class BatchQueue implements AutoCloseable {
  /**
   * What bounds a queue.
   *
   * @param rows that may wait, and most rows of one request
   * @param delay longest time that a request is let wait, by the pace of late
   */
  public record Bounds(int rows, Duration delay) {}

  private final BatchModel model;
  private final BatchExecutors executors;
  private final ModelMeters meters;
  private final Bounds bounds;

  private final Object lock = new Object();
  private final WaitingLine line = new WaitingLine();
  private final Pace pace;
  private boolean isReady;
  private boolean isClosed;

  /**
   * A queue for one model.
   *
   * @param model what computes; closed with the queue
   */
  public BatchQueue(BatchModel model, BatchExecutors executors, ModelMeters meters, Bounds bounds) {
    this.model = model;
    this.executors = executors;
    this.meters = meters;
    this.bounds = bounds;
    this.pace = new Pace(executors.count());
  }

  /**
   * Queues a request, or says at once that it would wait too long.
   *
   * @param inputs one for each of the signature's, in its order, with as many rows as each other
   */
  public Submission submit(List<NamedTensor> inputs, Urgency urgency) {
    int rows = model.signature().isBatchable() ? inputs.getFirst().shape().dim(0) : 1;
    if (rows > bounds.rows()) {
      return new Submission.TooLarge(rows, bounds.rows());
    }
    Pending request = new Pending(model.signature(), inputs, rows, urgency, System.nanoTime());
    synchronized (lock) {
      if (isClosed) {
        throw new EngineException(ErrorCode.INTERNAL, "request for a model that was closed");
      }
      Optional<Submission.Refused> refusal = refusal(rows, urgency);
      if (refusal.isPresent()) {
        return refusal.get();
      }
      line.add(request);
      meters.queued(rows);
      announce();
    }
    return new Submission.Accepted(request.answer(), () -> withdraw(request));
  }

  /** What a request of one row would be answered now, where that is a refusal. */
  public Optional<Submission.Refused> refusal(Urgency urgency) {
    synchronized (lock) {
      return refusal(1, urgency);
    }
  }

  /** Most rows of a batch. */
  public int batchRows() {
    return model.rows();
  }

  /**
   * Makes the model ready on the caller's thread, uncounted; once, before anything is submitted.
   */
  public void warm() {
    model.warm();
  }

  /**
   * Refuses what comes later, fails what waits, frees the memory. No batch may be running: whoever
   * closes has seen every answer that was under way. Idempotent.
   */
  @Override
  public void close() {
    synchronized (lock) {
      if (isClosed) {
        return;
      }
      isClosed = true;
      EngineException unloaded = new EngineException(ErrorCode.RESOURCE, "the model was unloaded");
      line.removeAll().forEach(request -> abandon(request, unloaded));
    }
    model.close();
  }

  /** Takes what waits, up to the cap, and computes it. Called by executor {@code thread}. */
  void executeBatch(int thread) {
    List<Slice> batch = take();
    if (batch.isEmpty()) {
      return;
    }
    long startedNs = System.nanoTime();
    for (Slice slice : batch) {
      meters.dequeued(slice.rows(), slice.isFirst(), startedNs - slice.request().arrivedNs());
    }
    try {
      run(thread, batch);
    } catch (Throwable e) {
      if (batch.size() > 1) {
        runAlone(thread, batch);
      } else {
        batch.getFirst().request().failed(batch.getFirst().rows(), e);
      }
    }
  }

  private void run(int thread, List<Slice> batch) {
    long startedNs = System.nanoTime();
    model.run(thread, batch);
    long durationNs = System.nanoTime() - startedNs;
    meters.executed(batch.stream().mapToInt(Slice::rows).sum(), durationNs);
    synchronized (lock) {
      pace.ran(durationNs);
    }
    batch.forEach(slice -> slice.request().finished(slice.rows()));
  }

  /** Each request of a failed batch by itself, so that what is wrong with one fails that one. */
  private void runAlone(int thread, List<Slice> batch) {
    for (Slice slice : batch) {
      try {
        run(thread, List.of(slice));
      } catch (Throwable e) {
        // Whatever went wrong, the client gets an answer and the executor lives on.
        slice.request().failed(slice.rows(), e);
      }
    }
  }

  private List<Slice> take() {
    List<Slice> batch;
    List<Pending> expired;
    synchronized (lock) {
      isReady = false;
      long nowNs = System.nanoTime();
      expired = line.removeExpired(nowNs);
      batch = line.take(model.rows());
      pace.took(nowNs, !line.isEmpty());
      if (!line.isEmpty()) {
        announce();
      }
    }
    expired.forEach(request -> abandon(request, outOfTime(request)));
    return batch;
  }

  private void withdraw(Pending request) {
    boolean isWaiting;
    synchronized (lock) {
      isWaiting = line.remove(request);
    }
    if (isWaiting) {
      abandon(request, new CancellationException("the client has left"));
    }
  }

  private void abandon(Pending request, RuntimeException cause) {
    int untaken = request.untakenRows();
    meters.abandoned(untaken, untaken == request.rows());
    request.failed(untaken, cause);
  }

  private Optional<Submission.Refused> refusal(int rows, Urgency urgency) {
    Duration delay = pace.of(Math.ceilDiv(line.rowsBefore(urgency.priority()), model.rows()));
    boolean isTooLong =
        delay.compareTo(bounds.delay()) > 0 || delay.toNanos() > urgency.timeoutNs();
    return isTooLong || line.rows() + rows > bounds.rows()
        ? Optional.of(new Submission.Refused(line.rows(), delay))
        : Optional.empty();
  }

  private void announce() {
    if (!isReady) {
      isReady = true;
      executors.ready(this);
    }
  }

  private static EngineException outOfTime(Pending request) {
    return new EngineException(
        ErrorCode.RESOURCE,
        "the request's time of %d ms was over before its turn came"
            .formatted(request.urgency().timeoutNs() / 1_000_000));
  }
}
