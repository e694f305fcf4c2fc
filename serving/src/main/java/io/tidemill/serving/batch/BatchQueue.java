package io.tidemill.serving.batch;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.serving.metrics.ModelMeters;
import io.tidemill.tensor.NamedTensor;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

/**
 * The requests that wait for one model version, batched without delay.
 *
 * <p>An executor that is free takes all rows that wait, up to the cap; nothing waits for company.
 * Where the model leaves more open than the number of rows, rows of one shape ride together. So
 * batches are of one row when it is quiet and fill up by themselves under load. A request of more
 * rows than the cap is cut into several batches. Requests are served in order of arrival.
 *
 * <p>Any thread submits. The lock is held for moving references only, never while computing.
 */
public final class BatchQueue implements AutoCloseable {
  /** Weight of the newest batch in the running mean of nanoseconds per row. */
  private static final double NEWEST = 0.1;

  private final BatchModel model;
  private final BatchExecutors executors;
  private final ModelMeters meters;
  private final int capacityRows;

  private final Object lock = new Object();
  private final ArrayDeque<Pending> waiting = new ArrayDeque<>();
  private int queuedRows;
  private boolean isReady;
  private boolean isClosed;
  private double nsPerRow;

  /**
   * A queue for one model.
   *
   * @param model what computes; closed with the queue
   * @param capacityRows rows that may wait, and most rows of one request
   */
  public BatchQueue(
      BatchModel model, BatchExecutors executors, ModelMeters meters, int capacityRows) {
    this.model = model;
    this.executors = executors;
    this.meters = meters;
    this.capacityRows = capacityRows;
  }

  /**
   * Queues a request, or says at once that there is no room.
   *
   * @param inputs one for each of the signature's, in its order, with as many rows as each other
   */
  public Submission submit(List<NamedTensor> inputs) {
    int rows = model.signature().isBatchable() ? inputs.getFirst().shape().dim(0) : 1;
    if (rows > capacityRows) {
      return new Submission.TooLarge(rows, capacityRows);
    }
    Pending request = new Pending(model.signature(), inputs, rows, System.nanoTime());
    synchronized (lock) {
      if (isClosed) {
        throw new EngineException(ErrorCode.INTERNAL, "request for a model that was closed");
      }
      if (queuedRows + rows > capacityRows) {
        return new Submission.Refused(queuedRows, timeToWorkOff());
      }
      waiting.add(request);
      queuedRows += rows;
      meters.queued(rows);
      announce();
    }
    return new Submission.Accepted(request.answer());
  }

  /** Runs one row of zeros on the caller's thread, uncounted, so that a fault shows at once. */
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
      for (Pending request : waiting) {
        request.abandoned(new EngineException(ErrorCode.RESOURCE, "the model was unloaded"));
        meters.dequeued(request.untakenRows(), request.untakenRows() == request.rows(), 0);
      }
      waiting.clear();
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
    compute(thread, batch);
  }

  /** Where a batch fails its slices run alone, so that a bad row fails its own request only. */
  private void compute(int thread, List<Slice> batch) {
    try {
      int rows = batch.stream().mapToInt(Slice::rows).sum();
      long startedNs = System.nanoTime();
      model.run(thread, batch);
      long durationNs = System.nanoTime() - startedNs;
      meters.executed(rows, durationNs);
      learn(durationNs / (double) rows);
    } catch (Throwable e) {
      // Whatever went wrong, the clients get an answer and the executor lives on.
      if (batch.size() == 1) {
        batch.getFirst().request().failed(batch.getFirst().rows(), e);
      } else {
        batch.forEach(slice -> compute(thread, List.of(slice)));
      }
      return;
    }
    batch.forEach(slice -> slice.request().finished(slice.rows()));
  }

  private List<Slice> take() {
    List<Slice> batch = new ArrayList<>();
    synchronized (lock) {
      isReady = false;
      int room = model.rows();
      for (Iterator<Pending> next = waiting.iterator(); room > 0 && next.hasNext(); ) {
        Pending request = next.next();
        if (!batch.isEmpty() && !request.isLike(batch.getFirst().request())) {
          continue;
        }
        Slice slice = request.take(room);
        if (request.untakenRows() == 0) {
          next.remove();
        }
        batch.add(slice);
        room -= slice.rows();
        queuedRows -= slice.rows();
      }
      if (!waiting.isEmpty()) {
        announce();
      }
    }
    return batch;
  }

  private void announce() {
    if (!isReady) {
      isReady = true;
      executors.ready(this);
    }
  }

  private void learn(double newest) {
    synchronized (lock) {
      nsPerRow = nsPerRow == 0 ? newest : nsPerRow + NEWEST * (newest - nsPerRow);
    }
  }

  private Duration timeToWorkOff() {
    return Duration.ofNanos((long) (queuedRows * nsPerRow / executors.count()));
  }
}
