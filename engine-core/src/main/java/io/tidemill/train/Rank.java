package io.tidemill.train;

import io.tidemill.device.DeviceBuffer;
import io.tidemill.device.Execution;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongPredicate;

/**
 * One worker's part of a training: the threads of the worker share the units of each phase, which
 * is counted on from step to step.
 *
 * <p>They claim them by {@link PhaseUnits}; whoever finds all units done opens the next phase, and
 * who finds none left of his own slice helps the other ranks of the host with theirs. No thread
 * ever waits.
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

  /** Of all ranks of this host. */
  private final List<Slice> slices = new ArrayList<>();

  private final GradientUnits gradients;
  private final StepJudge judge;
  private final List<Phase> phases;

  private final PhaseUnits units;
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
    for (int here = gang.firstRankHere(); here < gang.endRankHere(); here++) {
      slices.add(new Slice(gang, here));
    }
    this.units = gang.units();
    this.gradients =
        training.isCut()
            ? new ShardUnits(gang, rank, threads, batches)
            : new WholeShards(gang, rank, threads, batches);
    this.judge = new StepJudge(training, batches);
    this.phases = phases(training);
    requireFewUnits();
    standBehind(StepCount.NONE);
  }

  private void requireFewUnits() {
    int most = phases.stream().mapToInt(phase -> count(rank, phase)).max().orElse(0);
    if (most > PhaseUnits.MOST) {
      throw new EngineException(
          ErrorCode.INVALID_ARGUMENT,
          "a rank expects at most %d units of work at a time, rank %d has %d: use fewer shards, or more workers"
              .formatted(PhaseUnits.MOST, rank, most));
    }
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
    units.stand(rank, completedSteps * phases.size() - 1, count(rank, Phase.UPDATE));
  }

  /** Keeps the state between two steps as that which training may go back to. */
  void remember() {
    judge.remember();
    slice().remember();
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
    return slice(rank);
  }

  private Slice slice(int rankHere) {
    return slices.get(rankHere - gang.firstRankHere());
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
    long phaseNumber = units.phase(rank);
    Phase phase = phase(phaseNumber);
    int unit =
        phase == Phase.GRADIENTS && gradients instanceof ShardUnits cut
            ? cut.begin(step(phaseNumber))
            : units.takeFirst(rank, phaseNumber, count(rank, phase));
    if (unit >= 0) {
      run(phaseNumber, rank, unit, thread);
      return 1;
    }
    return open(phaseNumber, thread) + help(phaseNumber);
  }

  /** Does a unit of another rank of this host that is in the same phase, and has some left. */
  private int help(long phaseNumber) {
    Phase phase = phase(phaseNumber);
    if (phase == Phase.GRADIENTS || units.phase(rank) != phaseNumber || !judge.updates()) {
      return 0;
    }
    for (int other = gang.firstRankHere(); other < gang.endRankHere(); other++) {
      int unit = other == rank ? -1 : units.takeLast(other, phaseNumber, count(other, phase));
      if (unit >= 0) {
        run(phaseNumber, other, unit, 0);
        return 1;
      }
    }
    return 0;
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

  /** Units that a rank of this host has in a phase; of gradients only this one's are asked for. */
  private int count(int rankHere, Phase phase) {
    return switch (phase) {
      case GRADIENTS -> gradients.count();
      case SUM, UPDATE -> slice(rankHere).chunks();
    };
  }

  private void run(long phaseNumber, int rankHere, int unit, int thread) {
    long step = step(phaseNumber);
    switch (phase(phaseNumber)) {
      case GRADIENTS -> gradients.run(unit, step, position(phaseNumber), thread);
      case SUM -> sum(slice(rankHere), step, unit);
      case UPDATE -> update(slice(rankHere), step, unit);
    }
    units.finish(rankHere);
  }

  private void sum(Slice slice, long step, int chunk) {
    if (judge.updates()) {
      slice.sum(chunk, gang.touched(step));
      slice.square(chunk, gang.touched(step));
    }
  }

  private void update(Slice slice, long step, int chunk) {
    TouchedRows touched = gang.touched(step);
    switch (judge.verdict()) {
      case UPDATE -> slice.update(chunk, touched, judge.update());
      case GO_BACK -> slice.goBack(chunk);
      case SKIP -> {}
    }
    slice.release(chunk, touched, gang.touched(step + 1));
  }

  /**
   * Opens the phase after a finished one, when the other ranks are as far; one thread at a time.
   */
  private int open(long phaseNumber, int thread) {
    int count = count(rank, phase(phaseNumber));
    if (!units.areDone(rank, phaseNumber, count) || !opening.compareAndSet(false, true)) {
      return 0;
    }
    try {
      boolean stillFinished = units.areDone(rank, phaseNumber, count);
      if (stillFinished && mayLeave(phaseNumber, thread)) {
        units.open(rank, phaseNumber + 1);
        return 1;
      }
      return 0;
    } finally {
      opening.set(false);
    }
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
