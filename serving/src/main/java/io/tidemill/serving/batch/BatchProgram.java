package io.tidemill.serving.batch;

import io.tidemill.device.Device;
import io.tidemill.device.DeviceBuffer;
import io.tidemill.device.Executable;
import io.tidemill.device.Execution;
import io.tidemill.program.Program;
import io.tidemill.serving.inference.CallSignature;
import io.tidemill.tensor.NamedTensor;
import io.tidemill.tensor.TensorSpec;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * A model's program, compiled for one row count, with memory to run in for each executor thread.
 *
 * <p>Every batch is executed at that row count, padded with zeros: a matrix product may round
 * differently at another one, and what a client is answered must not depend on who else asked at
 * that moment. Measurements: docs/design/0004-serving-bits.md.
 *
 * <p>Thread {@code t} alone touches the execution of index {@code t}; the compiled program is
 * shared.
 */
final class BatchProgram implements AutoCloseable {
  private final DeviceBuffer parameters;
  private final CallSignature signature;
  private final int rows;
  private final Executable executable;
  private final Execution[] executions;

  BatchProgram(
      Device device,
      Program program,
      DeviceBuffer parameters,
      CallSignature signature,
      int batchRows,
      int threads) {
    this.parameters = parameters;
    this.signature = signature;
    this.rows = signature.isBatchable() ? batchRows : 1;
    this.executable = device.compile(signature.isBatchable() ? program.bind(batchRows) : program);
    this.executions = new Execution[threads];
  }

  /** Most rows of a batch. */
  int rows() {
    return rows;
  }

  /** Runs once on zeros, in memory of its own. */
  void warm() {
    try (Execution execution = executable.newExecution()) {
      signature.inputs().forEach(spec -> execution.input(spec.name()).fill((byte) 0));
      execution.run(parameters);
    }
  }

  /** Copies the rows of {@code batch} together, runs them, and copies the answers apart. */
  void run(int thread, List<Slice> batch) {
    Execution execution = execution(thread);
    for (int i = 0; i < signature.inputs().size(); i++) {
      gather(batch, i, execution.input(signature.inputs().get(i).name()));
    }
    execution.run(parameters);
    for (int i = 0; i < signature.outputs().size(); i++) {
      scatter(execution.output(signature.outputs().get(i).name()), batch, i);
    }
  }

  /** Frees the executions; no thread may be in {@link #run}, nor enter it later. */
  @Override
  public void close() {
    for (int thread = 0; thread < executions.length; thread++) {
      if (executions[thread] != null) {
        executions[thread].close();
        executions[thread] = null;
      }
    }
  }

  private void gather(List<Slice> batch, int input, MemorySegment to) {
    long rowBytes = rowBytes(signature.inputs().get(input));
    long position = 0;
    for (Slice slice : batch) {
      MemorySegment from = slice.request().inputs().get(input).data();
      long bytes = slice.rows() * rowBytes;
      MemorySegment.copy(from, slice.firstRow() * rowBytes, to, position, bytes);
      position += bytes;
    }
    to.asSlice(position).fill((byte) 0);
  }

  private void scatter(MemorySegment from, List<Slice> batch, int output) {
    long rowBytes = rowBytes(signature.outputs().get(output));
    long position = 0;
    for (Slice slice : batch) {
      NamedTensor to = slice.request().outputs().get(output);
      long bytes = slice.rows() * rowBytes;
      MemorySegment.copy(from, position, to.data(), slice.firstRow() * rowBytes, bytes);
      position += bytes;
    }
  }

  private Execution execution(int thread) {
    if (executions[thread] == null) {
      executions[thread] = executable.newExecution();
    }
    return executions[thread];
  }

  /** Bytes of a row, or of the whole tensor where it has none. */
  private static long rowBytes(TensorSpec spec) {
    return spec.shape().elements() * spec.type().bytes();
  }
}
