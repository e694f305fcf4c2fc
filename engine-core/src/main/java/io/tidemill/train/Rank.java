package io.tidemill.train;

import io.tidemill.device.DeviceBuffer;
import io.tidemill.device.Execution;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongPredicate;

/**
 * One worker's part of a training: the threads of the worker share the units of each phase.
 *
 * <p>A step has three phases: the gradients of the rank's shards (a unit each); summing and
 * updating the rank's slice of the parameters (a unit per chunk); copying the slices of the other
 * ranks. A phase number, counted on from step to step, and the next unit of it stand in one word
 * that the threads claim from; whoever finds all units done opens the next phase. No thread ever
 * waits.
 */
final class Rank implements AutoCloseable {
  private static final int PHASES = 3;
  private static final int GRADIENTS = 0;
  private static final int UPDATE = 1;
  private static final int GATHER = 2;
  private static final long CHUNK_FLOATS = 16 * 1024;

  private final int rank;
  private final Gang gang;
  private final Batches batches;
  private final TrainingProgress progress;
  private final LongPredicate checkpointDue;
  private final List<Execution> executions = new ArrayList<>();
  private final List<DeviceBuffer> moments = new ArrayList<>();
  private final int firstShard;
  private final long sliceFrom;
  private final long sliceTo;
  private final int[] units;
  private final MemorySegment copyBuffer;

  /** Phase number in the upper half, next unit of it in the lower. */
  private final AtomicLong claim = new AtomicLong();

  private final AtomicInteger done = new AtomicInteger();
  private final AtomicBoolean opening = new AtomicBoolean();
  private volatile long allowedSteps;
  private volatile long completedSteps;
  private volatile long passedStop;

  /** {@code checkpointDue} is asked by the first rank whether all are to stop after a step. */
  Rank(
      int rank,
      int threads,
      Gang gang,
      Batches batches,
      TrainingProgress progress,
      LongPredicate checkpointDue) {
    this.checkpointDue = checkpointDue;
    this.rank = rank;
    this.gang = gang;
    this.batches = batches;
    this.progress = progress;
    this.firstShard = gang.firstShard(rank);
    this.sliceFrom = gang.sliceStart(rank);
    this.sliceTo = gang.sliceStart(rank + 1);
    for (int thread = 0; thread < threads; thread++) {
      executions.add(gang.shardProgram().newExecution());
    }
    for (int i = 0; i < gang.training().optimizer().moments(); i++) {
      moments.add(gang.device().allocate(gang.layout().floats()));
    }
    units =
        new int[] {
          gang.firstShard(rank + 1) - firstShard,
          (int) Math.ceilDiv(sliceTo - sliceFrom, CHUNK_FLOATS),
          gang.ranks() - 1
        };
    copyBuffer = Arena.ofAuto().allocate(gang.layout().floats() * Float.BYTES, 64);
    begin(0);
  }

  /** Stands before step {@code steps}; only before any thread works. */
  void begin(long steps) {
    completedSteps = steps;
    passStop(steps);
    gang.restore(rank, steps);
    done.set(units[GATHER]);
    claim.set((steps * PHASES - 1) << 32 | units[GATHER]);
  }

  /** Lets the threads go on until so many steps are done. */
  void allow(long steps) {
    allowedSteps = steps;
  }

  /** Takes the stop after {@code steps} steps as done with. */
  void passStop(long steps) {
    passedStop = steps;
    gang.pass(rank, steps);
  }

  /** The step after which this rank has to stop next; Long.MAX_VALUE where none is known. */
  long stop() {
    long announced = gang.stop();
    return announced > passedStop ? announced : Long.MAX_VALUE;
  }

  long completedSteps() {
    return completedSteps;
  }

  DeviceBuffer parameters() {
    return gang.parametersOf(rank);
  }

  List<DeviceBuffer> moments() {
    return moments;
  }

  long sliceFrom() {
    return sliceFrom;
  }

  long sliceTo() {
    return sliceTo;
  }

  /** Does one unit, or opens the next phase; 0 when there was nothing to do. */
  int work(int thread) {
    long word = claim.get();
    long phaseNumber = word >> 32;
    int unit = (int) word;
    int phase = (int) Math.floorMod(phaseNumber, (long) PHASES);
    if (unit >= units[phase]) {
      return open(phaseNumber, phase);
    }
    if (claim.compareAndSet(word, word + 1)) {
      run(phase, Math.floorDiv(phaseNumber, (long) PHASES), unit, thread);
      done.incrementAndGet();
    }
    return 1;
  }

  @Override
  public void close() {
    executions.forEach(Execution::close);
    moments.forEach(DeviceBuffer::close);
  }

  private void run(int phase, long step, int unit, int thread) {
    switch (phase) {
      case GRADIENTS -> gradient(step, firstShard + unit, executions.get(thread));
      case UPDATE -> update(step, sliceFrom + unit * CHUNK_FLOATS);
      case GATHER -> gather(unit < rank ? unit : unit + 1);
      default -> throw new AssertionError(phase);
    }
  }

  private void gradient(long step, int shard, Execution execution) {
    batches.fill(step, shard, execution);
    execution.run(parameters(), gang.gradientOf(shard));
    gang.lossOf(shard, execution.output("loss").get(ValueLayout.JAVA_FLOAT, 0));
  }

  private void update(long step, long from) {
    long to = Math.min(sliceTo, from + CHUNK_FLOATS);
    DeviceBuffer sum = gang.gradientOf(0);
    gang.device().treeSum(gang.gradients(), sum, from, to);
    gang.device().update(batches.optimizerAt(step), step + 1, parameters(), sum, moments, from, to);
  }

  private void gather(int owner) {
    long from = gang.sliceStart(owner);
    MemorySegment slice =
        copyBuffer.asSlice(from * Float.BYTES, (gang.sliceStart(owner + 1) - from) * Float.BYTES);
    gang.parametersOf(owner).read(from, slice);
    parameters().write(from, slice);
  }

  /**
   * Opens the phase after a finished one, when the other ranks are as far; one thread at a time.
   */
  private int open(long phaseNumber, int phase) {
    if (done.get() < units[phase] || !opening.compareAndSet(false, true)) {
      return 0;
    }
    try {
      boolean stillFinished = claim.get() >> 32 == phaseNumber && done.get() == units[phase];
      return stillFinished && mayLeave(phase, Math.floorDiv(phaseNumber, (long) PHASES) + 1)
          ? start(phaseNumber + 1)
          : 0;
    } finally {
      opening.set(false);
    }
  }

  private int start(long phaseNumber) {
    done.set(0);
    claim.set(phaseNumber << 32);
    return 1;
  }

  /** Whether a finished phase of step number {@code steps} (from 1) may be left. */
  private boolean mayLeave(int phase, long steps) {
    return switch (phase) {
      case GRADIENTS -> {
        gang.contribute(rank, steps);
        yield gang.allContributed(steps) && checkLoss(steps);
      }
      case UPDATE -> {
        gang.update(rank, steps);
        yield gang.allUpdated(steps);
      }
      case GATHER -> {
        completedSteps = steps;
        yield steps < Math.min(allowedSteps, stop()) && announce(steps + 1);
      }
      default -> throw new AssertionError(phase);
    };
  }

  /**
   * The first rank says, before it begins a step, whether all stop after it; false while another
   * still stands at the stop before, which would be lost to it.
   */
  private boolean announce(long step) {
    if (rank != 0 || !checkpointDue.test(step)) {
      return true;
    }
    if (!gang.allPassed()) {
      return false;
    }
    gang.stopAfter(step);
    return true;
  }

  /** Before any rank may overwrite its losses: they all wait for this rank's update. */
  private boolean checkLoss(long steps) {
    if (rank != 0) {
      return true;
    }
    float loss = gang.loss();
    if (!Float.isFinite(loss)) {
      throw new EngineException(
          ErrorCode.INVALID_DATA,
          "the loss is "
              + loss
              + " at step="
              + steps
              + "; lower the learning rate, or look for NaN and infinities in the features");
    }
    long samples = (steps - 1) * gang.training().globalBatch() + batches.samplesOf(steps - 1);
    progress.advance(steps, samples, loss);
    return true;
  }
}
