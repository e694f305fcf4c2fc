package io.tidemill.train;

import io.tidemill.device.Device;
import io.tidemill.device.DeviceBuffer;
import io.tidemill.device.Execution;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.network.Adaptation;
import io.tidemill.network.Loss;
import io.tidemill.network.Network;
import io.tidemill.program.Optimizer;
import io.tidemill.program.Program;
import io.tidemill.tensor.DataType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;

/**
 * Which samples a shard of a step takes: a pure function of (log, seed, step, micro-batch, shard).
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
  private final long seed;
  private final boolean drawsRandomNumbers;

  Batches(Training<?> training, SampleLog log, long seed) {
    this.training = training;
    this.log = log;
    this.seed = seed;
    this.order = new SampleOrder(seed, training.shuffled());
    this.rows = new RowWriter<>(training.encoding());
    this.classes = training.network().outputShape().dim(-1);
    this.drawsRandomNumbers =
        training.program().inputs().stream()
            .anyMatch(input -> input.name().equals(Network.RANDOM_KEY));
  }

  /** Samples that training will see in all; Long.MAX_VALUE while the stream has not ended. */
  long totalSamples() {
    if (training.steps() > 0) {
      return training.steps() * training.stepSamples();
    }
    return log.isSealed() ? training.epochs() * log.length() : Long.MAX_VALUE;
  }

  /** Steps that the log has samples for. */
  long readySteps() {
    if (log.isSealed()) {
      return log.length() == 0 ? 0 : Math.ceilDiv(totalSamples(), training.stepSamples());
    }
    if (training.shuffled() || training.epochs() > 1 || training.needsTotal()) {
      return 0;
    }
    long steps = log.length() / training.stepSamples();
    return training.steps() > 0 ? Math.min(steps, training.steps()) : steps;
  }

  /** Real samples of a step. */
  long samplesOf(long step) {
    return Math.min(training.stepSamples(), totalSamples() - step * training.stepSamples());
  }

  /** The optimiser with the rate of a step. */
  Optimizer optimizerAt(long step) {
    long total = Math.ceilDiv(totalSamples(), training.stepSamples());
    return training.schedule().at(training.optimizer(), step, total);
  }

  /** Samples of the first {@code steps} steps. */
  long samplesAt(long steps) {
    return steps == 0 ? 0 : (steps - 1) * training.stepSamples() + samplesOf(steps - 1);
  }

  /**
   * Fills the inputs of a shard's program.
   *
   * @param step from 0; sentences count from 1
   * @param microBatch of the step, from 0
   */
  void fill(long step, int microBatch, int shard, Execution execution) {
    if (drawsRandomNumbers) {
      MemorySegment key = execution.input(Network.RANDOM_KEY);
      key.setAtIndex(ValueLayout.JAVA_LONG, 0, seed);
      key.setAtIndex(ValueLayout.JAVA_LONG, 1, step);
      key.setAtIndex(ValueLayout.JAVA_LONG, 2, (long) microBatch * training.shards() + shard);
    }
    MemorySegment features = execution.input("features");
    MemorySegment labels = execution.input("labels");
    MemorySegment weights = execution.input("weights");
    int count = training.shardRows();
    long first =
        step * training.stepSamples()
            + (long) microBatch * training.globalBatch()
            + (long) shard * count;
    long total = totalSamples();
    float weight = 1f / samplesOf(step);
    // An unsealed log is read once, in order: then an epoch is as long as it ever needs to be.
    long samples = log.isSealed() ? log.length() : Long.MAX_VALUE;
    long rowBytes = features.byteSize() / count;
    long labelBytes = labels.byteSize() / count;
    for (int i = 0; i < count; i++) {
      boolean real = first + i < total;
      weights.setAtIndex(ValueLayout.JAVA_FLOAT, i, real ? weight : 0);
      if (real) {
        MemorySegment row = log.row(order.indexOf(first + i, samples));
        rows.readFeatures(row, features, i);
        readLabels(row, labels, i, step, shard);
      } else {
        features.asSlice(i * rowBytes, rowBytes).fill((byte) 0);
        labels.asSlice(i * labelBytes, labelBytes).fill((byte) 0);
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

  private void readLabels(MemorySegment row, MemorySegment labels, int to, long step, int shard) {
    int width = training.encoding().labelWidth();
    boolean isClass = training.loss().labelType() == DataType.INT32;
    for (int i = 0; i < width; i++) {
      double label = rows.label(row, i);
      if (isClass ? !isClass(label) : !isTarget(label)) {
        throw outOfRange(label, step, shard);
      }
      if (isClass) {
        labels.setAtIndex(ValueLayout.JAVA_INT, (long) to * width + i, (int) label);
      } else {
        labels.setAtIndex(ValueLayout.JAVA_FLOAT, (long) to * width + i, (float) label);
      }
    }
  }

  private boolean isClass(double label) {
    return label >= 0 && label < classes && label == Math.rint(label);
  }

  private boolean isTarget(double label) {
    return wantsProbability() ? label >= 0 && label <= 1 : Double.isFinite(label);
  }

  private boolean wantsProbability() {
    return training.loss() instanceof Loss.BinaryCrossEntropy;
  }

  private EngineException outOfRange(double label, long step, int shard) {
    String expected = "a finite number";
    if (training.loss().labelType() == DataType.INT32) {
      expected = "a class from 0 to " + (classes - 1);
    } else if (wantsProbability()) {
      expected = "a number from 0 to 1";
    }
    return new EngineException(
        ErrorCode.INVALID_DATA,
        "loss: label out of range: expected "
            + expected
            + ", found "
            + (label == (long) label ? String.valueOf((long) label) : String.valueOf(label))
            + " at step="
            + (step + 1)
            + " shard="
            + shard);
  }
}
