package io.tidemill.serving.batch;

import io.tidemill.tensor.NamedTensor;
import io.tidemill.tensor.Shape;
import java.lang.foreign.MemorySegment;

/** Rows of one request that ride in one batch; a request without rows rides whole, as one. */
public final class Slice {
  private final Pending request;
  private final int firstRow;
  private final int rows;

  Slice(Pending request, int firstRow, int rows) {
    this.request = request;
    this.firstRow = firstRow;
    this.rows = rows;
  }

  public int rows() {
    return rows;
  }

  /** The shape of the request's whole input. */
  public Shape inputShape(int input) {
    return request.inputs().get(input).shape();
  }

  /**
   * Copies its rows of an input.
   *
   * @param input index in the signature
   * @param at where they go in {@code to}, in bytes
   * @return the byte behind them
   */
  public long copyInput(int input, MemorySegment to, long at) {
    NamedTensor from = request.inputs().get(input);
    long rowBytes = rowBytes(from);
    MemorySegment.copy(from.data(), firstRow * rowBytes, to, at, rows * rowBytes);
    return at + rows * rowBytes;
  }

  /**
   * Takes its rows of an output.
   *
   * @param output index in the signature
   * @param shape of the output for the whole batch; what lies behind rows is the same for all
   * @param at where they lie in {@code from}, in bytes
   * @return the byte behind them
   */
  public long copyOutput(int output, Shape shape, MemorySegment from, long at) {
    NamedTensor to = request.output(output, shape);
    long rowBytes = rowBytes(to);
    MemorySegment.copy(from, at, to.data(), firstRow * rowBytes, rows * rowBytes);
    return at + rows * rowBytes;
  }

  Pending request() {
    return request;
  }

  boolean isFirst() {
    return firstRow == 0;
  }

  private long rowBytes(NamedTensor tensor) {
    return tensor.data().byteSize() / request.rows();
  }
}
