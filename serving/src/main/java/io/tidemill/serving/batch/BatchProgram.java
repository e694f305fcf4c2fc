package io.tidemill.serving.batch;

import io.tidemill.device.Device;
import io.tidemill.device.DeviceBuffer;
import io.tidemill.device.Execution;
import io.tidemill.program.Program;
import io.tidemill.serving.inference.CallSignature;
import io.tidemill.tensor.Shape;
import io.tidemill.tensor.TensorSpec;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * A model's program, compiled for the numbers of rows that batches are executed at.
 *
 * <p>A batch is executed at the fewest of those that hold it, padded with zeros. A matrix product
 * may round differently at another number of rows, and what a client is answered must not depend on
 * who else asked at that moment: so only those numbers are used that gave the bits of the largest
 * when the model was warmed ({@link RowAgreement}), on this very machine. Measurements:
 * docs/design/0004-serving-bits.md.
 *
 * <p>Thread {@code t} alone touches the executions of index {@code t}; what is compiled is shared.
 */
public final class BatchProgram implements BatchModel {
  private final Device device;
  private final Program program;
  private final DeviceBuffer parameters;
  private final CallSignature signature;
  private final int rows;
  private final int threads;

  /** Ascending by rows; all of them give the same bits. */
  private final List<BatchForm> forms = new ArrayList<>();

  /**
   * Compiles a program.
   *
   * @param program open where the signature is batchable
   * @param parameters the weights, which it closes at the end
   * @param signature the program's inputs and outputs
   * @param batchRows most rows of a batch
   * @param threads executors that will run it
   */
  public BatchProgram(
      Device device,
      Program program,
      DeviceBuffer parameters,
      CallSignature signature,
      int batchRows,
      int threads) {
    this.device = device;
    this.program = program;
    this.parameters = parameters;
    this.signature = signature;
    this.rows = signature.isBatchable() ? batchRows : 1;
    this.threads = threads;
    forms.add(new BatchForm(device, program, rows, threads));
  }

  @Override
  public CallSignature signature() {
    return signature;
  }

  @Override
  public int rows() {
    return rows;
  }

  /** The numbers of rows that batches are executed at, ascending; one until it is warm. */
  public List<Integer> formRows() {
    return forms.stream().map(BatchForm::rows).toList();
  }

  @Override
  public void warm() {
    BatchForm largest = forms.getLast();
    largest.warm(parameters);
    if (signature.isBatchable()) {
      RowAgreement agreement = new RowAgreement(device, program, signature, parameters, largest);
      forms.addAll(0, agreement.smallerForms(threads));
    }
  }

  /** Copies the rows of {@code batch} together, runs them, and copies the answers apart. */
  @Override
  public void run(int thread, List<Slice> batch) {
    Execution execution = form(rows(batch)).execution(thread);
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
    forms.forEach(BatchForm::close);
    parameters.close();
  }

  private BatchForm form(int batchRows) {
    int index = 0;
    while (forms.get(index).rows() < batchRows) {
      index++;
    }
    return forms.get(index);
  }

  private int rows(List<Slice> batch) {
    int sum = 0;
    for (Slice slice : batch) {
      sum += slice.rows();
    }
    return signature.isBatchable() ? sum : 1;
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
}
