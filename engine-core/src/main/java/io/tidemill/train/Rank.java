package io.tidemill.train;

import io.tidemill.device.DeviceBuffer;
import io.tidemill.device.Execution;
import io.tidemill.error.EngineException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongPredicate;

/**
 * One worker's part of a training: the threads of the worker share the units of each phase.
 *
 * <p>A phase number, counted on from step to step, and the next unit of it stand in one word that
 * the threads claim from; whoever finds all units done opens the next phase. No thread ever waits.
 * What the opener writes before it opens a phase is seen by all who claim units of it.
 */
final class Rank implements AutoCloseable {
  /** What all threads of the rank do before any of them goes on. */
  private enum Phase {
    /**
     * The gradients of the rank's shards, a unit each, or more where shards are cut; once for every
     * micro-batch.
     */
    GRADIENTS,
    /** The sums of the rank's slice and their squares, by chunk; only where the norm is needed. */
    SUM,
    /** The update of the rank's slice, by chunk. */
    UPDATE
  }

  private final int rank;
  private final Gang gang;
  private final Training<?> training;
  private final Batches batches;
  private final TrainingProgress progress;
  private final LongPredicate checkpointDue;
  private final Slice slice;
  private final GradientUnits gradients;
  private final StepJudge judge;
  private final List<Phase> phases;

  /** Phase number in the upper half, next unit of it in the lower. */
  private final AtomicLong claim = new AtomicLong();

  private final AtomicInteger done = new AtomicInteger();
  private final AtomicBoolean opening = new AtomicBoolean();
  private volatile long allowedSteps;
  private volatile long completedSteps;
  private volatile boolean begun;

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
    this.training = gang.training();
    this.batches = batches;
    this.progress = progress;
    this.slice = new Slice(gang, rank);
    this.gradients =
        training.isCut()
            ? new ShardUnits(gang, rank, threads, batches)
            : new WholeShards(gang, rank, threads, batches);
    this.judge = new StepJudge(training, batches);
    this.phases = phases(training);
    standBehind(StepCount.NONE);
  }

  /**
   * Begins behind {@code steps}, with the parameters and moments that are there; only before any
   * thread works.
   */
  void begin(StepCount steps) {
    standBehind(steps);
    gang.open(rank, steps);
  }

  /** Begins where the leading process has opened the rank, likewise. */
  void beginOpened() {
    standBehind(gang.beginning(rank));
  }

  private void standBehind(StepCount steps) {
    judge.standBehind(steps);
    completedSteps = steps.completed();
    done.set(units(Phase.UPDATE));
    claim.set((completedSteps * phases.size() - 1) << 32 | units(Phase.UPDATE));
  }

  /** Keeps the state between two steps as that which training may go back to. */
  void remember() {
    judge.remember();
    slice.remember();
  }

  /** Lets the threads go on until so many steps are done. */
  void allow(long steps) {
    allowedSteps = steps;
    if (!begun && steps > completedSteps) {
      begun = true;
    }
  }

  /** Whether a step may be or was begun: until then a thread that waits had better rehearse. */
  boolean isBegun() {
    return begun;
  }

  /** Takes the stop after {@code steps} steps as done with. */
  void passStop(long steps) {
    gang.pass(rank, steps);
  }

  /** The step after which this rank has to stop next; Long.MAX_VALUE where none is known. */
  long stop() {
    return gang.stop(rank);
  }

  /** Has the leading process take this rank's part of a checkpoint, or of the end. */
  void stand() {
    gang.stand(rank, completedSteps);
  }

  long completedSteps() {
    return completedSteps;
  }

  /** Where it stands; between two steps. */
  StepCount count() {
    return judge.count();
  }

  DeviceBuffer parameters() {
    return gang.parameters();
  }

  Slice slice() {
    return slice;
  }

  /**
   * Steps on zeros in a thread that waits for the first step; the thread closes it. Empty where
   * nothing becomes faster by them.
   */
  Optional<Rehearsal> rehearsal(int thread) {
    return gang.shardProgram().warmsUp() ? Optional.of(newRehearsal(thread)) : Optional.empty();
  }

  private Rehearsal newRehearsal(int thread) {
    return gradients
        .whole(thread)
        .map(own -> new Rehearsal(gang, own, false))
        .orElseGet(() -> new Rehearsal(gang, gang.shardProgram().newExecution(), true));
  }

  /** Does one unit, or opens the next phase; 0 when there was nothing to do. */
  int work(int thread) {
    long word = claim.get();
    long phaseNumber = word >> 32;
    int unit = (int) word;
    if (unit >= units(phase(phaseNumber))) {
      return open(phaseNumber, thread);
    }
    if (gradients instanceof ShardUnits cut && phase(phaseNumber) == Phase.GRADIENTS) {
      return work(cut, phaseNumber, thread);
    }
    if (claim.compareAndSet(word, word + 1)) {
      run(phaseNumber, unit, thread);
      done.incrementAndGet();
    }
    return 1;
  }

  /** Does what is ready of the shards that are cut: here a claim says only how many are begun. */
  private int work(ShardUnits units, long phaseNumber, int thread) {
    int unit = units.begin(step(phaseNumber));
    if (unit < 0) {
      return 0;
    }
    claim.incrementAndGet();
    run(phaseNumber, unit, thread);
    done.incrementAndGet();
    return 1;
  }

  @Override
  public void close() {
    gradients.close();
  }

  private static List<Phase> phases(Training<?> training) {
    List<Phase> phases =
        new ArrayList<>(Collections.nCopies(training.accumulated(), Phase.GRADIENTS));
    if (training.needsNorm()) {
      phases.add(Phase.SUM);
    }
    phases.add(Phase.UPDATE);
    return List.copyOf(phases);
  }

  /** Position of a phase in its step; that of GRADIENTS is the micro-batch. */
  private int position(long phaseNumber) {
    return (int) Math.floorMod(phaseNumber, (long) phases.size());
  }

  /** From 0. */
  private long step(long phaseNumber) {
    return Math.floorDiv(phaseNumber, (long) phases.size());
  }

  private Phase phase(long phaseNumber) {
    return phases.get(position(phaseNumber));
  }

  private int units(Phase phase) {
    return switch (phase) {
      case GRADIENTS -> gradients.count();
      case SUM, UPDATE -> slice.chunks();
    };
  }

  private void run(long phaseNumber, int unit, int thread) {
    long step = step(phaseNumber);
    switch (phase(phaseNumber)) {
      case GRADIENTS -> gradients.run(unit, step, position(phaseNumber), thread);
      case SUM -> sum(step, unit);
      case UPDATE -> update(step, unit);
    }
  }

  private void sum(long step, int chunk) {
    if (judge.updates()) {
      slice.sum(chunk, gang.touched(step));
      slice.square(chunk, gang.touched(step));
    }
  }

  private void update(long step, int chunk) {
    TouchedRows touched = gang.touched(step);
    switch (judge.verdict()) {
      case UPDATE -> {
        if (!training.needsNorm()) {
          slice.sum(chunk, touched);
        }
        slice.update(chunk, touched, judge.update());
      }
      case GO_BACK -> slice.goBack(chunk);
      case SKIP -> {}
    }
    slice.release(chunk, touched, gang.touched(step + 1));
  }

  /**
   * Opens the phase after a finished one, when the other ranks are as far; one thread at a time.
   */
  private int open(long phaseNumber, int thread) {
    int units = units(phase(phaseNumber));
    if (done.get() < units || !opening.compareAndSet(false, true)) {
      return 0;
    }
    try {
      boolean stillFinished = claim.get() >> 32 == phaseNumber && done.get() == units;
      return stillFinished && mayLeave(phaseNumber, thread) ? start(phaseNumber + 1) : 0;
    } finally {
      opening.set(false);
    }
  }

  private int start(long phaseNumber) {
    done.set(0);
    claim.set(phaseNumber << 32);
    return 1;
  }

  /** Whether a finished phase may be left; steps are counted from 1. */
  private boolean mayLeave(long phaseNumber, int thread) {
    long steps = step(phaseNumber) + 1;
    return switch (phase(phaseNumber)) {
      case GRADIENTS -> phase(phaseNumber + 1) == Phase.GRADIENTS || leaveGradients(steps, thread);
      case SUM -> leaveSum(steps, thread);
      case UPDATE ->
          (completedSteps == steps || leaveUpdate(steps))
              && steps < Math.min(allowedSteps, stop())
              && announce(steps + 1);
    };
  }

  /** Every rank looks at the losses before its update, and none overwrites them before all have. */
  private boolean leaveGradients(long steps, int thread) {
    gang.contribute(rank, steps);
    if (!gang.allContributed(steps)) {
      return false;
    }
    float loss = gang.loss();
    if (!mayGoOn(steps, "loss", loss, thread)) {
      return false;
    }
    if (rank == 0) {
      float shown = Float.isFinite(loss) ? loss : progress.loss();
      progress.advance(steps, batches.samplesAt(steps), shown);
    }
    if (judge.updates() && !training.needsNorm()) {
      judge.prepareUpdate(steps);
    }
    return true;
  }

  private boolean leaveSum(long steps, int thread) {
    gang.sum(rank, steps);
    if (!gang.allSummed(steps)) {
      return false;
    }
    if (judge.updates()) {
      double norm = gang.norm();
      if (!mayGoOn(steps, "norm of the gradient", norm, thread)) {
        return false;
      }
      judge.prepareClipped(steps, norm);
    }
    return true;
  }

  private boolean leaveUpdate(long steps) {
    if (judge.verdict() == StepJudge.Verdict.GO_BACK) {
      gang.goBack(rank, steps);
    }
    gang.update(rank, steps);
    if (!gang.allUpdated(steps)) {
      return false;
    }
    judge.countStep();
    if (rank == 0) {
      progress.skipped(count().skipped());
    }
    completedSteps = steps;
    return true;
  }

  /** Whether a step with this number goes on; where it does not, the first rank says why. */
  private boolean mayGoOn(long steps, String what, double number, int thread) {
    boolean mayGoOn = judge.mayGoOn(number);
    if (!mayGoOn && rank == 0) {
      throw diagnosis(what, number, steps, thread);
    }
    return mayGoOn;
  }

  private EngineException diagnosis(String what, double number, long steps, int thread) {
    Optional<Execution> whole = gradients.whole(thread);
    if (whole.isPresent()) {
      return diagnosis(what, number, steps, whole.get());
    }
    try (Execution own = gang.shardProgram().newExecution()) {
      return diagnosis(what, number, steps, own);
    }
  }

  private EngineException diagnosis(String what, double number, long steps, Execution whole) {
    return new Diagnosis(gang, batches, parameters(), whole)
        .failure(what, number, steps, training.onNonFinite(), judge.remembered());
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
}
