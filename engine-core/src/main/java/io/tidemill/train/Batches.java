package io.tidemill.train;

import io.tidemill.device.Device;
import io.tidemill.device.DeviceBuffer;
import io.tidemill.device.Execution;
import io.tidemill.network.Adaptation;
import io.tidemill.network.Network;
import io.tidemill.program.Optimizer;
import io.tidemill.program.Program;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Which samples a shard of a step takes: a pure function of (log, seed, step, micro-batch, shard).
 *
 * <p>Rows behind the last sample are zero with weight 0, so every shard of every step has the same
 * shape. Any thread.
 */
final class Batches {
  private final Training<?> training;
  private final SampleRows log;
  private final SampleOrder order;
  private final RowWriter<?> rows;
  private final Labels labelReader;
  private final Optional<Augmenter> augmenter;
  private final long seed;
  private final boolean drawsRandomNumbers;

  Batches(Training<?> training, SampleRows log, long seed) {
    this.training = training;
    this.log = log;
    this.seed = seed;
    this.augmenter = augmenter(training, seed);
    this.order = new SampleOrder(seed, training.shuffled());
    this.rows = new RowWriter<>(training.encoding());
    this.labelReader = new Labels(training);
    this.drawsRandomNumbers =
        training.program().inputs().stream()
            .anyMatch(input -> input.name().equals(Network.RANDOM_KEY));
  }

  private static Optional<Augmenter> augmenter(Training<?> training, long seed) {
    return training.augmentations().isEmpty()
        ? Optional.empty()
        : Optional.of(
            new Augmenter(training.augmentations(), training.network().inputShape(), seed));
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

  /** Steps in all; Long.MAX_VALUE while the stream has not ended. */
  long totalSteps() {
    long samples = totalSamples();
    return samples == Long.MAX_VALUE ? samples : Math.ceilDiv(samples, training.stepSamples());
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
   * Fills the inputs of a shard's program; of a log that memory does not hold, the rows of the same
   * shard of the next step are then on their way.
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
    Supplier<String> where = () -> " at step=" + (step + 1) + " shard=" + shard;
    for (int i = 0; i < count; i++) {
      boolean real = first + i < total;
      weights.setAtIndex(ValueLayout.JAVA_FLOAT, i, real ? weight : 0);
      if (first + i + training.stepSamples() < total && log.isReadAhead()) {
        log.expect(order.indexOf(first + i + training.stepSamples(), samples));
      }
      if (real) {
        MemorySegment row = log.row(order.indexOf(first + i, samples));
        rows.readFeatures(row, features, i);
        if (augmenter.isPresent()) {
          augmenter.get().apply(features, i, first + i);
        }
        labelReader.read(row, labels, i, where);
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
}
