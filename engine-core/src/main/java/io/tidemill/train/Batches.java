package io.tidemill.train;

import io.tidemill.device.Device;
import io.tidemill.device.DeviceBuffer;
import io.tidemill.device.Execution;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.network.Adaptation;
import io.tidemill.program.Optimizer;
import io.tidemill.program.Program;
import io.tidemill.tensor.DataType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;

/**
 * Which samples a shard of a step takes: a pure function of (log, seed, step, shard).
 *
 * <p>Rows behind the last sample are zero with weight 0, so every shard of every step has the same
 * shape. Any thread.
 */
final class Batches {
  private final Training<?> training;
  private final SampleLog log;
  private final SampleOrder order;
  private final RowWriter<?> rows;
  private final int classes;

  Batches(Training<?> training, SampleLog log, long seed) {
    this.training = training;
    this.log = log;
    this.order = new SampleOrder(seed, training.shuffled());
    this.rows = new RowWriter<>(training.encoding());
    this.classes = training.network().outputShape().dim(-1);
  }

  /** Samples that training will see in all; Long.MAX_VALUE while the stream has not ended. */
  long totalSamples() {
    if (training.steps() > 0) {
      return training.steps() * training.globalBatch();
    }
    return log.isSealed() ? training.epochs() * log.length() : Long.MAX_VALUE;
  }

  /** Steps that the log has samples for. */
  long readySteps() {
    if (log.isSealed()) {
      return log.length() == 0 ? 0 : Math.ceilDiv(totalSamples(), training.globalBatch());
    }
    if (training.shuffled() || training.epochs() > 1 || needsTotal()) {
      return 0;
    }
    long steps = log.length() / training.globalBatch();
    return training.steps() > 0 ? Math.min(steps, training.steps()) : steps;
  }

  /** Real samples of a step. */
  long samplesOf(long step) {
    long from = step * training.globalBatch();
    return Math.min(training.globalBatch(), totalSamples() - from);
  }

  /** The optimiser with the rate of a step. */
  Optimizer optimizerAt(long step) {
    long total = Math.ceilDiv(totalSamples(), training.globalBatch());
    return training.schedule().at(training.optimizer(), step, total);
  }

  /** Whether the rate of the first step depends on how many there will be. */
  private boolean needsTotal() {
    return training.schedule() != Schedule.CONSTANT && training.steps() == 0;
  }

  /** Fills the inputs of a shard's program. */
  void fill(long step, int shard, Execution execution) {
    MemorySegment features = execution.input("features");
    MemorySegment labels = execution.input("labels");
    MemorySegment weights = execution.input("weights");
    int count = training.shardRows();
    long first = step * training.globalBatch() + (long) shard * count;
    long total = totalSamples();
    float weight = 1f / samplesOf(step);
    // An unsealed log is read once, in order: then an epoch is as long as it ever needs to be.
    long samples = log.isSealed() ? log.length() : Long.MAX_VALUE;
    long rowFloats = training.encoding().width();
    for (int i = 0; i < count; i++) {
      boolean real = first + i < total;
      weights.setAtIndex(ValueLayout.JAVA_FLOAT, i, real ? weight : 0);
      if (real) {
        MemorySegment row = log.row(order.indexOf(first + i, samples));
        rows.readFeatures(row, features, i);
        setLabel(labels, i, rows.label(row), step, shard);
      } else {
        features.asSlice(i * rowFloats * Float.BYTES, rowFloats * Float.BYTES).fill((byte) 0);
        setLabel(labels, i, 0, step, shard);
      }
    }
  }

  /**
   * Shows the first rows of the log, in order, to the layer that adapts, and stores what it learns.
   *
   * <p>It sees them as the layers before it leave them, computed by the kernels and in the shape of
   * a training step; every rank comes to the same bits by itself.
   */
  void adapt(long count, Device device, MemorySegment parameters) {
    Optional<Adaptation> adaptation = training.network().adaptation();
    if (adaptation.isPresent()) {
      show(count, device, adaptation.get());
      adaptation.get().store(training.network().layout(), parameters);
    }
  }

  private void show(long count, Device device, Adaptation adaptation) {
    int batch = training.shardRows();
    Program preparation = training.network().preparation().bind(batch);
    try (Execution execution = device.compile(preparation).newExecution();
        DeviceBuffer noParameters = device.allocate(0)) {
      MemorySegment features = execution.input("features");
      for (long first = 0; first < count; first += batch) {
        int filled = (int) Math.min(batch, count - first);
        for (int i = 0; i < filled; i++) {
          rows.readFeatures(log.row(first + i), features, i);
        }
        execution.run(noParameters);
        adaptation.accept(execution.output("prepared"), filled);
      }
    }
  }

  private void setLabel(MemorySegment labels, int row, float label, long step, int shard) {
    if (training.loss().labelType() == DataType.FLOAT32) {
      if (!(label >= 0 && label <= 1)) {
        throw outOfRange("a number from 0 to 1", label, step, shard);
      }
      labels.setAtIndex(ValueLayout.JAVA_FLOAT, row, label);
      return;
    }
    if (!(label >= 0 && label < classes) || label != Math.rint(label)) {
      throw outOfRange("a class from 0 to " + (classes - 1), label, step, shard);
    }
    labels.setAtIndex(ValueLayout.JAVA_INT, row, (int) label);
  }

  private static EngineException outOfRange(String expected, float found, long step, int shard) {
    return new EngineException(
        ErrorCode.INVALID_DATA,
        "label out of range: expected "
            + expected
            + ", found "
            + found
            + " at step="
            + step
            + " shard="
            + shard);
  }
}
