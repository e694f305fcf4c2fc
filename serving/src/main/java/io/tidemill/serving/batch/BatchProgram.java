package io.tidemill.serving.batch;

import io.tidemill.device.Device;
import io.tidemill.device.DeviceBuffer;
import io.tidemill.device.Executable;
import io.tidemill.device.Execution;
import io.tidemill.program.Program;
import io.tidemill.serving.inference.CallSignature;
import io.tidemill.tensor.Shape;
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
public final class BatchProgram implements BatchModel {
  private final DeviceBuffer parameters;
  private final CallSignature signature;
  private final int rows;
  private final Executable executable;
  private final Execution[] executions;

  /**
   * Compiles a program.
   *
   * @param program open where the signature is batchable
   * @param parameters the weights, which it closes at the end
   * @param signature the program's inputs and outputs
   * @param batchRows rows that each batch is executed at
   * @param threads executors that will run it
   */
  public BatchProgram(
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

  @Override
  public CallSignature signature() {
    return signature;
  }

  @Override
  public int rows() {
    return rows;
  }

  @Override
  public void warm() {
    try (Execution execution = executable.newExecution()) {
      signature.inputs().forEach(spec -> execution.input(spec.name()).fill((byte) 0));
      execution.run(parameters);
    }
  }

  /** Copies the rows of {@code batch} together, runs them, and copies the answers apart. */
  @Override
  public void run(int thread, List<Slice> batch) {
    Execution execution = execution(thread);
    for (int i = 0; i < signature.inputs().size(); i++) {
      gather(batch, i, execution.input(signature.inputs().get(i).name()));
    }
    execution.run(parameters);
    for (int i = 0; i < signature.outputs().size(); i++) {
      TensorSpec spec = signature.outputs().get(i);
      scatter(execution.output(spec.name()), spec.shape(), batch, i);
    }
  }

  @Override
  public void close() {
    for (int thread = 0; thread < executions.length; thread++) {
      if (executions[thread] != null) {
        executions[thread].close();
        executions[thread] = null;
      }
    }
    parameters.close();
  }

  private static void gather(List<Slice> batch, int input, MemorySegment to) {
    long at = 0;
    for (Slice slice : batch) {
      at = slice.copyInput(input, to, at);
    }
    to.asSlice(at).fill((byte) 0);
  }

  private static void scatter(MemorySegment from, Shape shape, List<Slice> batch, int output) {
    long at = 0;
    for (Slice slice : batch) {
      at = slice.copyOutput(output, shape, from, at);
    }
  }

  private Execution execution(int thread) {
    if (executions[thread] == null) {
      executions[thread] = executable.newExecution();
    }
    return executions[thread];
  }
}
