package io.tidemill.benchmarks.scaling;

import io.tidemill.device.Device;
import io.tidemill.device.DeviceBuffer;
import io.tidemill.device.Devices;
import io.tidemill.device.Executable;
import io.tidemill.device.Execution;
import io.tidemill.device.SumTree;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.program.Optimizer;
import io.tidemill.program.Value;
import io.tidemill.tensor.DataType;
import io.tidemill.train.Training;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

/**
 * Times the parts of a training step, with as many threads at work as a host has ranks: what they
 * take from each other, caches and memory, is in the times; what they wait for each other is not.
 *
 * <p>Each thread does in a step what a rank of {@link io.tidemill.train.Gang} does: its shards,
 * then the sum and the update of its slice, in chunks.
 */
final class PartProbe implements AutoCloseable {
  /** As chunks of an arena of half a million floats. */
  private static final long CHUNK_FLOATS = 8_192;

  /** So that nothing is learned: the numbers of the last step are those of the first. */
  private static final float LEARNING_RATE = 1e-12f;

  private static final long SEED = 1;

  private final Training<?> training;
  private final Optimizer optimizer;
  private final int ranks;
  private final long floats;
  private final Device device = Devices.open("cpu");
  private final List<DeviceBuffer> gradients = new ArrayList<>();
  private final DeviceBuffer parameters;
  private final List<DeviceBuffer> moments = new ArrayList<>();
  private final List<Execution> executions = new ArrayList<>();
  private final SumTree tree;
  private final SumTree summed;
  private final CyclicBarrier barrier;
  private long endNs;
  private volatile boolean isOver;

  private PartProbe(Training<?> training, int ranks) {
    this.training = training;
    this.optimizer = training.optimizer().withLearningRate(LEARNING_RATE);
    this.ranks = ranks;
    this.floats = training.network().layout().floats();
    this.barrier = new CyclicBarrier(ranks, () -> isOver = System.nanoTime() - endNs >= 0);
    Executable program = device.compile(training.program(), training.precision());
    for (int shard = 0; shard < training.shards(); shard++) {
      gradients.add(device.allocate(floats));
    }
    this.tree = SumTree.of(gradients);
    this.summed = new SumTree.Term(gradients.getFirst());
    for (int i = 0; i < optimizer.moments(); i++) {
      moments.add(device.allocate(floats));
    }
    this.parameters = device.allocate(floats);
    randomise(parameters);
    for (int rank = 0; rank < ranks; rank++) {
      Execution execution = program.newExecution();
      program.program().inputs().forEach(input -> fill(input, execution));
      executions.add(execution);
    }
  }

  /**
   * Measures for about so many seconds.
   *
   * @param training whose shards the ranks share
   * @param warmUpSeconds before that, for the just-in-time compiler
   */
  static PartTimes measure(Training<?> training, int ranks, double warmUpSeconds, double seconds) {
    try (PartProbe probe = new PartProbe(training, ranks)) {
      probe.run(warmUpSeconds);
      List<Rank> measured = probe.run(seconds);
      return new PartTimes(
          Quantiles.of(measured.stream().flatMapToDouble(rank -> rank.shards.build()).toArray()),
          median(measured.stream().flatMapToDouble(rank -> rank.sums.build())),
          median(measured.stream().flatMapToDouble(rank -> rank.updates.build())));
    }
  }

  @Override
  public void close() {
    executions.forEach(Execution::close);
    parameters.close();
    List.of(gradients, moments).forEach(all -> all.forEach(DeviceBuffer::close));
    device.close();
  }

  /** One thread of it, with what it has measured: seconds of shards, seconds per byte else. */
  private final class Rank implements Callable<Rank> {
    private final int rank;
    private final DoubleStream.Builder shards = DoubleStream.builder();
    private final DoubleStream.Builder sums = DoubleStream.builder();
    private final DoubleStream.Builder updates = DoubleStream.builder();
    private long step;

    Rank(int rank) {
      this.rank = rank;
    }

    @Override
    public Rank call() throws InterruptedException, BrokenBarrierException {
      try {
        while (!isOver) {
          step++;
          computeShards();
          barrier.await();
          moveSlice();
          barrier.await();
        }
        return this;
      } catch (EngineException e) {
        barrier.reset(); // nobody waits for this rank
        throw e;
      }
    }

    private void computeShards() {
      int end = (rank + 1) * training.shards() / ranks;
      for (int shard = rank * training.shards() / ranks; shard < end; shard++) {
        long begunNs = System.nanoTime();
        executions.get(rank).run(parameters, gradients.get(shard));
        shards.add(secondsSince(begunNs));
      }
    }

    private void moveSlice() {
      double summing = 0;
      double updating = 0;
      for (long from = sliceStart(rank); from < sliceStart(rank + 1); from += CHUNK_FLOATS) {
        long to = Math.min(from + CHUNK_FLOATS, sliceStart(rank + 1));
        long begunNs = System.nanoTime();
        device.treeSum(tree, gradients.getFirst(), from, to);
        summing += secondsSince(begunNs);
        begunNs = System.nanoTime();
        update(from, to);
        updating += secondsSince(begunNs);
      }
      double bytes = (double) Float.BYTES * (sliceStart(rank + 1) - sliceStart(rank));
      sums.add(summing / bytes / gradients.size());
      updates.add(updating / bytes);
    }

    private void update(long from, long to) {
      DeviceBuffer sum = gradients.getFirst();
      if (training.clipNorm() < Float.POSITIVE_INFINITY) {
        double squares = device.sumOfSquares(sum, from, to);
        device.scale(sum, (float) Math.min(1, 1 / Math.sqrt(squares)), from, to);
      }
      device.update(optimizer, step, parameters, summed, moments, from, to);
    }
  }

  private List<Rank> run(double seconds) {
    endNs = System.nanoTime() + (long) (seconds * 1e9);
    isOver = false;
    List<Rank> all = new ArrayList<>();
    try (ExecutorService threads = Executors.newFixedThreadPool(ranks)) {
      List<Rank> fresh = IntStream.range(0, ranks).mapToObj(Rank::new).toList();
      for (Future<Rank> future : threads.invokeAll(fresh)) {
        all.add(future.get());
      }
      return all;
    } catch (ExecutionException e) {
      throw new EngineException(ErrorCode.INTERNAL, "a step cannot be timed: " + e.getCause(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new EngineException(ErrorCode.RESOURCE, "the benchmark was interrupted", e);
    }
  }

  /** First float of a rank's slice; that of the next rank is its end. */
  private long sliceStart(int rank) {
    long chunks = Math.ceilDiv(floats, CHUNK_FLOATS);
    return Math.min(floats, rank * chunks / ranks * CHUNK_FLOATS);
  }

  private void randomise(DeviceBuffer buffer) {
    SplittableRandom random = new SplittableRandom(SEED);
    float[] values = new float[(int) floats];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextDouble(-0.05, 0.05);
    }
    buffer.write(0, MemorySegment.ofArray(values));
  }

  /** Random numbers and equal weights; ids and labels are 0. */
  private void fill(Value.Input input, Execution execution) {
    if (input.type() != DataType.FLOAT32) {
      return;
    }
    boolean isWeight = input.name().equals("weights");
    SplittableRandom random = new SplittableRandom(SEED);
    MemorySegment memory = execution.input(input.name());
    for (long i = 0; i < memory.byteSize() / Float.BYTES; i++) {
      double value = isWeight ? 1.0 / training.globalBatch() : random.nextDouble(-1, 1);
      memory.setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) value);
    }
  }

  private static double median(DoubleStream figures) {
    return Quantiles.of(figures.toArray()).median();
  }

  private static double secondsSince(long nanoTime) {
    return (System.nanoTime() - nanoTime) / 1e9;
  }
}
