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
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * A model's program, compiled for each row bucket when it is first needed, with memory to run in
 * for each executor thread.
 *
 * <p>Thread {@code t} alone touches the executions of index {@code t}; compiled programs are
 * shared.
 */
final class BatchProgram implements AutoCloseable {
  private final Device device;
  private final Program program;
  private final DeviceBuffer parameters;
  private final CallSignature signature;
  private final RowBuckets buckets;
  private final AtomicReferenceArray<Executable> executables;
  private final Execution[][] executions;

  BatchProgram(
      Device device,
      Program program,
      DeviceBuffer parameters,
      CallSignature signature,
      int maxRows,
      int threads) {
    this.device = device;
    this.program = program;
    this.parameters = parameters;
    this.signature = signature;
    this.buckets = new RowBuckets(signature.isBatchable() ? maxRows : 1);
    this.executables = new AtomicReferenceArray<>(buckets.count());
    this.executions = new Execution[threads][buckets.count()];
  }

  int maxRows() {
    return buckets.maxRows();
  }

  /** Compiles the smallest bucket and runs it on zeros, in memory of its own. */
  void warm() {
    try (Execution execution = executable(0).newExecution()) {
      signature.inputs().forEach(spec -> execution.input(spec.name()).fill((byte) 0));
      execution.run(parameters);
    }
  }

  /** Copies the rows of {@code batch} together, runs them, and copies the answers apart. */
  void run(int thread, List<Slice> batch, int rows) {
    int bucket = buckets.indexFor(rows);
    Execution execution = execution(thread, bucket);
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
    for (Execution[] ofThread : executions) {
      for (int bucket = 0; bucket < ofThread.length; bucket++) {
        if (ofThread[bucket] != null) {
          ofThread[bucket].close();
          ofThread[bucket] = null;
        }
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

  private Execution execution(int thread, int bucket) {
    Execution execution = executions[thread][bucket];
    if (execution == null) {
      execution = executable(bucket).newExecution();
      executions[thread][bucket] = execution;
    }
    return execution;
  }

  /** Two threads may both compile a bucket once; they keep the same result. */
  private Executable executable(int bucket) {
    Executable compiled = executables.get(bucket);
    if (compiled == null) {
      int rows = buckets.rows(bucket);
      executables.compareAndSet(
          bucket, null, device.compile(signature.isBatchable() ? program.bind(rows) : program));
      compiled = executables.get(bucket);
    }
    return compiled;
  }

  /** Bytes of a row, or of the whole tensor where it has none. */
  private static long rowBytes(TensorSpec spec) {
    return spec.shape().elements() * spec.type().bytes();
  }
}
