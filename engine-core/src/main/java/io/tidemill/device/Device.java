package io.tidemill.device;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.program.Optimizer;
import io.tidemill.program.Precision;
import io.tidemill.program.Program;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;

/**
 * What executes programs: the CPU, or a GPU.
 *
 * <p>Thread-safe. The same calls with the same bits give the same bits, on any thread and in any
 * company: nothing here depends on timing, alignment or the number of threads. All buffers and
 * executables that are passed in must come from the same device. DESIGN §8.
 */
public interface Device extends AutoCloseable {

  /** What it is, for people: {@code cpu (oneDNN 3.13.0, AVX-512)}. */
  String description();

  /** Why it cannot compute in this precision, in words that end a sentence; empty where it can. */
  Optional<String> unavailable(Precision precision);

  /** {@link #compile(Program, Precision)} in float32. */
  default Executable compile(Program program) {
    return compile(program, Precision.FLOAT32);
  }

  /**
   * Prepares a bound program: chooses kernels and plans memory.
   *
   * <p>An open program, an operation that the device lacks, or a precision that is {@link
   * #unavailable}, is an error. Call it once per shape and keep the result.
   */
  Executable compile(Program program, Precision precision);

  /** A new buffer of zeros, 64-byte aligned; the caller closes it. */
  DeviceBuffer allocate(long floats);

  /**
   * A buffer over host memory that somebody else owns, 64-byte aligned: memory that processes
   * share, for instance. What the device writes stands there at once; closing the buffer leaves the
   * memory as it is.
   *
   * @throws EngineException INVALID_ARGUMENT where the device computes in memory of its own
   */
  default DeviceBuffer wrap(MemorySegment memory) {
    throw new EngineException(
        ErrorCode.INVALID_ARGUMENT,
        "device "
            + description()
            + " computes in memory of its own, which processes cannot share: run one process, or"
            + " choose device cpu");
  }

  /**
   * {@code out[from, to)} becomes the sum of these floats of the terms of {@code tree}, in its
   * order. {@code out} may be the first of the terms, and none of the others.
   */
  void treeSum(SumTree tree, DeviceBuffer out, long from, long to);

  /**
   * One optimiser update of {@code parameters[from, to)}; the parts of an arena may be updated by
   * different threads.
   *
   * @param step counts from 1
   * @param gradient the sum by this tree; what its first term holds in that range afterwards is
   *     undefined
   * @param moments {@link Optimizer#moments()} buffers, zero before step 1
   */
  void update(
      Optimizer optimizer,
      long step,
      DeviceBuffer parameters,
      SumTree gradient,
      List<DeviceBuffer> moments,
      long from,
      long to);

  /** {@code buffer[from, to)} becomes 0. */
  void clear(DeviceBuffer buffer, long from, long to);

  /** {@code target[from, to)} becomes {@code source[from, to)}. */
  void copy(DeviceBuffer source, DeviceBuffer target, long from, long to);

  /** {@code buffer[from, to)} is multiplied by a number. */
  void scale(DeviceBuffer buffer, float factor, long from, long to);

  /**
   * A running average: {@code averages[from, to) = momentum averages + (1 - momentum) news}, the
   * second product rounded first.
   */
  void average(DeviceBuffer averages, DeviceBuffer news, float momentum, long from, long to);

  /**
   * The sum of the squares of {@code buffer[from, to)}, taken in double in an order that only the
   * length of the range decides; NaN or infinite exactly where one of the floats is.
   */
  double sumOfSquares(DeviceBuffer buffer, long from, long to);

  /** Releases what the device itself holds; buffers and executions are closed by their owners. */
  @Override
  void close();
}
