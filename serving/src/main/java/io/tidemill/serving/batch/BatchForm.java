package io.tidemill.serving.batch;

import io.tidemill.device.Device;
import io.tidemill.device.DeviceBuffer;
import io.tidemill.device.Executable;
import io.tidemill.device.Execution;
import io.tidemill.program.Program;

/**
 * A program compiled for one number of rows, with memory to run in for each executor.
 *
 * <p>Executor {@code t} alone touches the execution of index {@code t}; they are made before the
 * first of them runs.
 */
final class BatchForm implements AutoCloseable {
  private final int rows;
  private final Executable executable;
  private final Execution[] executions;

  /** Compiles a program, open where {@code rows} is to be bound. */
  BatchForm(Device device, Program program, int rows, int executors) {
    this.rows = rows;
    this.executable = device.compile(program.isOpen() ? program.bind(rows) : program);
    this.executions = new Execution[executors];
  }

  int rows() {
    return rows;
  }

  /** Makes all memory and runs once in each on zeros, so that no request has to wait for either. */
  void warm(DeviceBuffer parameters) {
    for (int executor = 0; executor < executions.length; executor++) {
      if (executions[executor] == null) {
        executions[executor] = executable.newExecution();
      }
      Execution execution = executions[executor];
      executable.program().inputs().stream()
          .forEach(input -> execution.input(input.name()).fill((byte) 0));
      execution.run(parameters);
    }
  }

  /** The memory of an executor; there is one once it is warm. */
  Execution execution(int executor) {
    return executions[executor];
  }

  /** Idempotent. */
  @Override
  public void close() {
    for (int executor = 0; executor < executions.length; executor++) {
      if (executions[executor] != null) {
        executions[executor].close();
        executions[executor] = null;
      }
    }
  }
}
