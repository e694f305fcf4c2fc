package io.tidemill.train;

import io.tidemill.device.Device;
import io.tidemill.device.DeviceBuffer;
import io.tidemill.device.Executable;
import io.tidemill.program.ParameterLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * The ranks of a training that live in one process: they read each other's memory.
 *
 * <p>Rank r owns a run of shards, whose gradients it computes, and a slice of the parameters, for
 * which it sums the gradients of <em>all</em> shards by the fixed tree and applies the optimiser;
 * the others then copy the slice. Which rank owns what changes no bit (DESIGN §7).
 *
 * <p>Order between ranks rests on counters per rank. A slice is summed when every rank has
 * <em>contributed</em> the step; where the norm of the whole gradient is wanted, it is moved when
 * every rank has <em>summed</em> its slice; it is copied, and gradients may be overwritten, when
 * every rank has <em>updated</em> it. All are written with volatile semantics, so what came before
 * is seen.
 *
 * <p>Of a table that is trained by row, all gradients are zero between two steps. A step marks the
 * rows that its shards look up; these are summed, moved, copied, and cleared again. Two sets of
 * marks take turns: a rank may mark rows of the next step while another still copies those of this
 * one, and the set of the next step is emptied where this one is updated, when nobody reads it.
 */
public final class Gang implements AutoCloseable {
  private final Training<?> training;
  private final Device device;
  private final Executable shardProgram;
  private final int ranks;
  private final List<DeviceBuffer> gradients = new ArrayList<>();
  private final List<DeviceBuffer> parameters = new ArrayList<>();
  private final float[] losses;
  private final ArenaCut cut;

  /** Of steps with an even and with an odd number. */
  private final List<TouchedRows> touched;

  /** Of each chunk's summed gradient, when the norm is wanted. */
  private final double[] squares;

  private final AtomicLongArray contributed;
  private final AtomicLongArray summed;
  private final AtomicLongArray updated;
  private final AtomicLongArray passed;
  private volatile long stop;

  public Gang(Training<?> training, Device device, int ranks) {
    this.training = training;
    this.device = device;
    this.ranks = ranks;
    this.shardProgram = device.compile(training.program(), training.precision());
    for (int shard = 0; shard < training.shards(); shard++) {
      gradients.add(device.allocate(layout().floats()));
    }
    for (int rank = 0; rank < ranks; rank++) {
      parameters.add(device.allocate(layout().floats()));
    }
    losses = new float[training.shards()];
    cut = ArenaCut.of(layout(), training.optimizer());
    touched = List.of(new TouchedRows(layout()), new TouchedRows(layout()));
    squares = new double[cut.chunks()];
    contributed = new AtomicLongArray(ranks);
    summed = new AtomicLongArray(ranks);
    updated = new AtomicLongArray(ranks);
    passed = new AtomicLongArray(ranks);
  }

  Training<?> training() {
    return training;
  }

  Device device() {
    return device;
  }

  Executable shardProgram() {
    return shardProgram;
  }

  ParameterLayout layout() {
    return training.network().layout();
  }

  int ranks() {
    return ranks;
  }

  /** The shards of a rank: [from, to). */
  int firstShard(int rank) {
    return rank * training.shards() / ranks;
  }

  /** How the arena is cut. */
  ArenaCut cut() {
    return cut;
  }

  /** The chunks of the slice of a rank: [from, to). */
  int firstChunk(int rank) {
    return (int) ((long) rank * cut.chunks() / ranks);
  }

  /** First float of the slice of a rank; that of the next rank is its end. */
  long sliceStart(int rank) {
    return cut.start(firstChunk(rank));
  }

  /** What the shards of a step have touched. */
  TouchedRows touched(long step) {
    return touched.get((int) (step & 1));
  }

  DeviceBuffer gradientOf(int shard) {
    return gradients.get(shard);
  }

  List<DeviceBuffer> gradients() {
    return gradients;
  }

  DeviceBuffer parametersOf(int rank) {
    return parameters.get(rank);
  }

  void lossOf(int shard, float loss) {
    losses[shard] = loss;
  }

  void addLossOf(int shard, float loss) {
    losses[shard] += loss;
  }

  /** The loss of the step that every rank has contributed, summed by the same tree as gradients. */
  float loss() {
    return sum(0, losses.length);
  }

  /** Whether a shard's loss is a number, of the step that every rank has contributed. */
  boolean hasFiniteLoss(int shard) {
    return Float.isFinite(losses[shard]);
  }

  void squaresOf(int chunk, double sum) {
    squares[chunk] = sum;
  }

  /** The norm of the gradient that every rank has summed, by a tree over the chunks. */
  double norm() {
    return Math.sqrt(sumOfSquares(0, squares.length));
  }

  void contribute(int rank, long steps) {
    contributed.set(rank, steps);
  }

  void sum(int rank, long steps) {
    summed.set(rank, steps);
  }

  void update(int rank, long steps) {
    updated.set(rank, steps);
  }

  /** Begins at a step that is not the first. */
  void restore(int rank, long steps) {
    contributed.set(rank, steps);
    summed.set(rank, steps);
    updated.set(rank, steps);
  }

  /**
   * Has every rank stop after {@code steps} steps. Only the first rank says so, before it begins
   * that very step: the others cannot finish it without the first, and look before they begin the
   * next.
   */
  void stopAfter(long steps) {
    stop = steps;
  }

  /** The newest step after which every rank stops, or has stopped; 0 where none was announced. */
  long stop() {
    return stop;
  }

  /** The rank has done with every stop up to the one after {@code steps} steps. */
  void pass(int rank, long steps) {
    passed.set(rank, steps);
  }

  /** Whether no rank stands, or has yet to stand, at a stop that was announced. */
  boolean allPassed() {
    return all(passed, stop);
  }

  boolean allContributed(long steps) {
    return all(contributed, steps);
  }

  boolean allSummed(long steps) {
    return all(summed, steps);
  }

  boolean allUpdated(long steps) {
    return all(updated, steps);
  }

  @Override
  public void close() {
    gradients.forEach(DeviceBuffer::close);
    parameters.forEach(DeviceBuffer::close);
  }

  private boolean all(AtomicLongArray counters, long steps) {
    for (int rank = 0; rank < ranks; rank++) {
      if (counters.get(rank) < steps) {
        return false;
      }
    }
    return true;
  }

  private float sum(int from, int to) {
    if (to - from == 1) {
      return losses[from];
    }
    int middle = from + Integer.highestOneBit(to - from - 1);
    return sum(from, middle) + sum(middle, to);
  }

  private double sumOfSquares(int from, int to) {
    if (to - from <= 1) {
      return to == from ? 0 : squares[from];
    }
    int middle = from + Integer.highestOneBit(to - from - 1);
    return sumOfSquares(from, middle) + sumOfSquares(middle, to);
  }
}
