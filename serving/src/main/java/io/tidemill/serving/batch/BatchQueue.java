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
 * <p>A request is refused where it would wait longer than the limit, or be answered after its own
 * deadline, by the pace of late. Where its deadline passes while it waits, or its client leaves, it
 * is not computed and is told at once. What a batch has taken is computed and answered even if its
 * deadline passes meanwhile: the work is done, and the client may still be there.
 *
 * <p>Any thread submits. The lock is held for moving references only, never while computing.
 */
public final class BatchQueue implements AutoCloseable {
  /**
   * What bounds a queue.
   *
   * @param rows that may wait, and most rows of one request
   * @param bytes of inputs that may wait; a request alone may have more
   * @param delay longest time that a request is let wait, by the pace of late
   */
  public record Bounds(int rows, long bytes, Duration delay) {
    private static final long DEFAULT_BYTES = 128L << 20;

    /** With at most 128 MiB waiting. */
    public Bounds(int rows, Duration delay) {
      this(rows, DEFAULT_BYTES, delay);
    }
  }

  private final BatchModel model;
  private final BatchExecutors executors;
  private final ModelMeters meters;
  private final Bounds bounds;

  private final Object lock = new Object();
  private final WaitingLine line = new WaitingLine();
  private final Pace pace;
  private final Alarm alarm;
  private boolean hasPressingTurn;
  private boolean hasOtherTurn;
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
    this.alarm = new Alarm(executors, this::lookForExpired);
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
    List<Pending> expired;
    Submission submission;
    synchronized (lock) {
      if (isClosed) {
        throw new EngineException(ErrorCode.INTERNAL, "request for a model that was closed");
      }
      expired = line.removeExpired(request.arrivedNs());
      submission = admit(request);
    }
    tell(expired);
    return submission;
  }

  /** What a request of one row would be answered now, where that is a refusal. */
  public Optional<Submission.Refused> refusal(Urgency urgency) {
    synchronized (lock) {
      return refusal(1, 0, urgency);
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
      alarm.cancel();
      EngineException unloaded = new EngineException(ErrorCode.RESOURCE, "the model was unloaded");
      line.removeAll().forEach(request -> abandon(request, unloaded));
    }
    model.close();
  }

  /**
   * Takes what waits, up to the cap, and computes it. Called by executor {@code thread}.
   *
   * @param isPressing which of the queue's turns it is
   */
  void executeBatch(int thread, boolean isPressing) {
    List<Slice> batch = take(isPressing);
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
    meters.executed(rows(batch), durationNs);
    synchronized (lock) {
      pace.ran(durationNs);
    }
    batch.forEach(slice -> slice.request().finished(slice.rows()));
  }

  private static int rows(List<Slice> batch) {
    int sum = 0;
    for (Slice slice : batch) {
      sum += slice.rows();
    }
    return sum;
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

  private List<Slice> take(boolean isPressing) {
    List<Slice> batch;
    List<Pending> expired;
    synchronized (lock) {
      if (isPressing) {
        hasPressingTurn = false;
      } else {
        hasOtherTurn = false;
      }
      long nowNs = System.nanoTime();
      expired = line.removeExpired(nowNs);
      batch = line.take(model.rows());
      pace.took(nowNs, line.pressingRows() > 0);
      announce();
    }
    tell(expired);
    return batch;
  }

  private Submission admit(Pending request) {
    Optional<Submission.Refused> refusal =
        refusal(request.rows(), request.bytes(), request.urgency());
    if (refusal.isPresent()) {
      return refusal.get();
    }
    line.add(request);
    meters.queued(request.rows());
    announce();
    alarm.setFor(line.firstDeadlineNs(), request.arrivedNs());
    return new Submission.Accepted(request.answer(), () -> withdraw(request));
  }

  private void lookForExpired() {
    List<Pending> expired;
    synchronized (lock) {
      long nowNs = System.nanoTime();
      alarm.rang();
      expired = line.removeExpired(nowNs);
      alarm.setFor(line.firstDeadlineNs(), nowNs);
    }
    tell(expired);
  }

  private void tell(List<Pending> expired) {
    expired.forEach(request -> abandon(request, outOfTime(request)));
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

  private Optional<Submission.Refused> refusal(int rows, long bytes, Urgency urgency) {
    int rowsBefore = line.rowsBefore(urgency.priority());
    Duration delay = pace.of(Math.ceilDiv(rowsBefore, model.rows()));
    boolean isFull =
        line.rowsBefore(Math.max(urgency.priority(), Urgency.LAST)) + rows > bounds.rows()
            || isTooMuch(bytes, urgency);
    return isFull || isTooLate(rows, rowsBefore, delay, urgency)
        ? Optional.of(new Submission.Refused(line.rows(), delay))
        : Optional.empty();
  }

  private boolean isTooMuch(long bytes, Urgency urgency) {
    long waiting = line.bytesBefore(Math.max(urgency.priority(), Urgency.LAST));
    return waiting > 0 && waiting + bytes > bounds.bytes();
  }

  /**
   * Whether it would wait too long, or be answered after its deadline. Where nobody is before it,
   * it is tried: nothing newer may be known of how long a batch takes, and trying tells.
   */
  private boolean isTooLate(int rows, int rowsBefore, Duration delay, Urgency urgency) {
    if (rowsBefore == 0) {
      return false;
    }
    Duration answered = delay.plus(pace.ofOwn(Math.ceilDiv(rows, model.rows())));
    return delay.compareTo(bounds.delay()) > 0 || answered.toNanos() > urgency.timeoutNs();
  }

  private void announce() {
    if (line.pressingRows() > 0 && !hasPressingTurn) {
      hasPressingTurn = true;
      executors.ready(this, true);
    } else if (!line.isEmpty() && !hasPressingTurn && !hasOtherTurn) {
      hasOtherTurn = true;
      executors.ready(this, false);
    }
  }

  private static EngineException outOfTime(Pending request) {
    return new EngineException(
        ErrorCode.RESOURCE,
        "the request's time of %d ms was over before its turn came"
            .formatted(request.urgency().timeoutNs() / 1_000_000));
  }
}
