package io.tidemill.serving.batch;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.serving.inference.CallSignature;
import io.tidemill.serving.inference.Urgency;
import io.tidemill.serving.inference.ZeroTensors;
import io.tidemill.tensor.NamedTensor;
import io.tidemill.tensor.Shape;
import io.tidemill.tensor.TensorSpec;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

/**
 * A request on its way: its inputs, the outputs that batches fill row by row, and how many rows are
 * still to come.
 *
 * <p>{@code nextRow} and {@code number} belong to the holder of the queue's lock. Executors write
 * disjoint rows of the outputs; the last {@link #finished} publishes them all.
 */
final class Pending {
  /** Longer than any server runs; what lies beyond is for ever and cannot be added to a time. */
  private static final long LONGEST_TIMEOUT_NS = Long.MAX_VALUE / 4;

  private final CallSignature signature;
  private final List<NamedTensor> inputs;
  private final NamedTensor[] outputs;
  private final int rows;
  private final Urgency urgency;
  private final long arrivedNs;
  private final AtomicInteger rowsLeft;
  private final AtomicReference<Throwable> failure = new AtomicReference<>();
  private final CompletableFuture<List<NamedTensor>> answer = new CompletableFuture<>();
  private final long bytes;
  private int nextRow;
  private long number;

  Pending(
      CallSignature signature,
      List<NamedTensor> inputs,
      int rows,
      Urgency urgency,
      long arrivedNs) {
    this.signature = signature;
    this.inputs = inputs;
    this.outputs = new NamedTensor[signature.outputs().size()];
    this.rows = rows;
    this.urgency = urgency;
    this.arrivedNs = arrivedNs;
    this.rowsLeft = new AtomicInteger(rows);
    this.bytes = inputs.stream().mapToLong(input -> input.data().byteSize()).sum();
  }

  List<NamedTensor> inputs() {
    return inputs;
  }

  /**
   * The whole of an output, made for all rows when the first of them come.
   *
   * @param shape that a batch gave; it differs from this one's in the number of rows only
   */
  synchronized NamedTensor output(int index, Shape shape) {
    Shape whole = signature.isBatchable() ? shape.withRows(rows) : shape;
    TensorSpec spec = signature.outputs().get(index);
    if (outputs[index] == null) {
      outputs[index] = ZeroTensors.of(spec.name(), spec.type(), whole);
    } else if (!outputs[index].shape().equals(whole)) {
      throw new EngineException(
          ErrorCode.INVALID_DATA,
          "output \"%s\": expected the shape %s that other rows of the request have, found %s"
              .formatted(spec.name(), outputs[index].shape(), whole));
    }
    return outputs[index];
  }

  /**
   * Whether rows of both may ride in one batch: their inputs differ in the number of rows only, and
   * somebody waits for both or nobody for either.
   */
  boolean mayRideWith(Pending other) {
    if (urgency.isPressing() != other.urgency.isPressing()) {
      return false;
    }
    for (int i = 0; i < inputs.size(); i++) {
      if (!inputs.get(i).shape().hasRowsOf(other.inputs.get(i).shape())) {
        return false;
      }
    }
    return true;
  }

  int rows() {
    return rows;
  }

  Urgency urgency() {
    return urgency;
  }

  int priority() {
    return urgency.priority();
  }

  boolean hasDeadline() {
    return urgency.timeoutNs() < LONGEST_TIMEOUT_NS;
  }

  /** When its time is over, where it has a deadline. */
  long deadlineNs() {
    return arrivedNs + urgency.timeoutNs();
  }

  /** Which of those who came it is. */
  long number() {
    return number;
  }

  void setNumber(long newNumber) {
    number = newNumber;
  }

  /** Bytes of its inputs. */
  long bytes() {
    return bytes;
  }

  long arrivedNs() {
    return arrivedNs;
  }

  CompletableFuture<List<NamedTensor>> answer() {
    return answer;
  }

  int untakenRows() {
    return rows - nextRow;
  }

  /** Takes up to {@code mostRows} of the rows that no batch has taken yet. */
  Slice take(int mostRows) {
    Slice slice = new Slice(this, nextRow, Math.min(mostRows, untakenRows()));
    nextRow += slice.rows();
    return slice;
  }

  void finished(int finishedRows) {
    leave(finishedRows);
  }

  /**
   * Rows failed. The answer waits for the batches that still run or will: whoever gets it may free
   * the memory that they run in.
   */
  void failed(int failedRows, Throwable cause) {
    failure.compareAndSet(null, cause);
    leave(failedRows);
  }

  private void leave(int leavingRows) {
    if (rowsLeft.addAndGet(-leavingRows) > 0) {
      return;
    }
    Throwable cause = failure.get();
    if (cause == null) {
      answer.complete(List.of(outputs));
    } else {
      answer.completeExceptionally(cause);
    }
  }
}
