package io.tidemill.train;

import io.tidemill.channel.Element.Barrier;
import io.tidemill.channel.Element.End;
import io.tidemill.channel.Element.Item;
import io.tidemill.channel.Inbox;
import io.tidemill.channel.OrderKey;
import io.tidemill.channel.Outbox;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.operator.RestoredState;
import io.tidemill.operator.StatePart;
import io.tidemill.task.Reports;
import io.tidemill.task.Task;
import io.tidemill.task.TaskId;
import io.tidemill.task.TaskReport;
import io.tidemill.tensor.SafeTensors;
import io.tidemill.tensor.WeightsDigest;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;

/**
 * Leads one rank of a training: prepares the weights, says how far the rank may go, and takes its
 * part of checkpoints between two steps.
 *
 * <p>All ranks stop at the same steps, the multiples of the checkpoint interval and the end, and
 * take there the barrier of a checkpoint, which the first rank asks for when the stop is announced:
 * it travels while the last step is worked. Barriers never enter a step.
 */
public final class TrainerTask implements Task {
  /** Rows that a training which reads its stream as it comes adapts to. */
  static final long ADAPTED_ROWS = 16_384;

  /** The kind of the checkpoint part that holds the weights, as safetensors. */
  public static final String WEIGHTS_PART = TrainerState.WEIGHTS;

  private final TaskId id;
  private final Gang gang;
  private final Training<?> training;
  private final SampleLog log;
  private final Batches batches;
  private final Rank rank;
  private final Inbox inbox;
  private final Outbox outbox;
  private final TrainingProgress progress;
  private final CheckpointPolicy policy;
  private final BooleanSupplier checkpointWanted;
  private final long seed;
  private final LongSupplier clockNs;
  private final Reports reports;
  private final TrainerState state;
  private volatile boolean prepared;

  private long checkpointedStep;
  private volatile long checkpointedNs;
  private long askedStep = -1;
  private boolean toldFirstStep;
  private boolean complete;

  /**
   * The highest event time among the records behind the weights in a checkpoint; empty where they
   * have none.
   *
   * @param weights the part of kind {@link #WEIGHTS_PART}
   */
  public static Optional<Instant> eventTimeOf(SafeTensors weights) {
    return Optional.ofNullable(weights.metadata().get(TrainerState.EVENT_TIME))
        .map(Long::valueOf)
        .map(Instant::ofEpochMilli);
  }

  /**
   * Steps behind the weights in a checkpoint.
   *
   * @param weights the part of kind {@link #WEIGHTS_PART}
   */
  public static long stepsOf(Path weights) {
    try (Arena arena = Arena.ofConfined()) {
      return StepCount.of(SafeTensors.map(weights, arena).metadata(), weights).completed();
    }
  }

  /**
   * @param inbox barriers and the end, from the sequencer
   * @param outbox the trained weights; of the first rank only
   * @param policy when checkpoints are due
   * @param checkpointWanted whether one is due whatever the policy says
   */
  public TrainerTask(
      TaskId id,
      int threads,
      Gang gang,
      SampleLog log,
      Inbox inbox,
      Outbox outbox,
      TrainingProgress progress,
      CheckpointPolicy policy,
      BooleanSupplier checkpointWanted,
      long seed,
      LongSupplier clockNs,
      Reports reports) {
    this.id = id;
    this.gang = gang;
    this.training = gang.training();
    this.log = log;
    this.batches = new Batches(training, log, seed);
    this.rank = new Rank(id.subtask(), threads, gang, batches, progress, this::isCheckpointDue);
    this.inbox = inbox;
    this.outbox = outbox;
    this.progress = progress;
    this.policy = policy;
    this.checkpointWanted = checkpointWanted;
    this.clockNs = clockNs;
    this.checkpointedNs = clockNs.getAsLong();
    this.seed = seed;
    this.reports = reports;
    this.state = new TrainerState(gang, id.subtask());
    outbox.advance(OrderKey.LAST); // who waits for the weights may take everything else before
  }

  /** Takes up its part of a checkpoint; before the first slice, the first rank before others. */
  public void restore(RestoredState checkpoint) {
    Optional<StepCount> count = state.restore(checkpoint);
    if (count.isPresent()) {
      rank.begin(count.get());
      checkpointedStep = rank.completedSteps();
      if (isFirst()) {
        progress.advance(checkpointedStep, batches.samplesAt(checkpointedStep), Float.NaN);
        progress.skipped(rank.count().skipped());
      }
      rank.remember();
      prepared = true;
    }
  }

  @Override
  public TaskId id() {
    return id;
  }

  @Override
  public int doWork() {
    if (!prepared) {
      prepared = prepare();
      return prepared ? 1 : 0;
    }
    if (!outbox.flush()) {
      return 0;
    }
    long total = totalSteps();
    long ready = Math.min(total, batches.readySteps());
    rank.allow(ready);
    int work = rank.work(0);
    long completed = rank.completedSteps(); // other threads go on meanwhile
    if (isFirst()) {
      tellFirstStep(completed);
      askForBarrier(total);
    }
    if (completed >= Math.min(total, rank.stop())) {
      work += stopped(total);
    }
    return work;
  }

  @Override
  public void close() {
    rank.close();
  }

  /** Lends another thread of the worker to the rank; thread 0 runs this task. */
  public ShardTask shardTask(int thread) {
    return new ShardTask(id, rank, thread);
  }

  private boolean isFirst() {
    return id.subtask() == 0;
  }

  private long totalSteps() {
    long steps = batches.totalSteps();
    if (steps == Long.MAX_VALUE) {
      return steps;
    }
    if (log.isSealed() && log.length() == 0) {
      throw new EngineException(
          ErrorCode.INVALID_DATA,
          "training "
              + id.vertex()
              + " got no sample: its stream ended before the first record;"
              + " look at the source and at the filters before it");
    }
    if (isFirst()) {
      progress.totalSteps(steps);
    }
    return steps;
  }

  private void tellFirstStep(long completed) {
    if (!toldFirstStep && completed > checkpointedStep) {
      toldFirstStep = true;
      reports.send(new TaskReport.FirstStep(id, completed));
    }
  }

  /** The one of the end is the master's affair. */
  private void askForBarrier(long total) {
    long stop = rank.stop();
    if (stop < total && stop > askedStep) {
      askedStep = stop;
      reports.send(new TaskReport.CheckpointDue(id, stop));
    }
  }

  /** Between two steps, where all ranks stop. */
  private int stopped(long total) {
    long step = rank.completedSteps();
    if (step >= total && !complete) {
      complete();
      return 1;
    }
    return switch (inbox.poll()) {
      case Barrier barrier -> {
        snapshot(barrier);
        yield 1;
      }
      case End _ -> 1;
      case Item item -> throw new EngineException(ErrorCode.INTERNAL, "unexpected " + item.key());
      case null -> 0;
    };
  }

  private void snapshot(Barrier barrier) {
    checkpointedStep = rank.completedSteps();
    checkpointedNs = clockNs.getAsLong();
    rank.remember();
    List<StatePart> parts = new ArrayList<>(List.of(state.snapshotMoments()));
    if (isFirst()) {
      parts.add(
          state.snapshotWeights(
              rank.count(), batches.samplesAt(checkpointedStep), eventTime(checkpointedStep)));
      progress.checkpointed(checkpointedStep, batches.samplesAt(checkpointedStep));
    }
    reports.send(new TaskReport.Snapshot(id, barrier.checkpoint(), Map.of(id.vertex(), parts)));
    outbox.emit(new Barrier(barrier.checkpoint(), OrderKey.LAST));
    rank.passStop(checkpointedStep);
  }

  /** A shuffled training sees late rows early. */
  private OptionalLong eventTime(long step) {
    long rows = training.shuffled() ? Long.MAX_VALUE : step * training.stepSamples();
    return progress.eventTimes().upTo(rows);
  }

  private void complete() {
    complete = true;
    if (isFirst()) {
      // A resumed training did not know yet how many samples its last step had.
      progress.advance(
          rank.completedSteps(), batches.samplesAt(rank.completedSteps()), progress.loss());
      progress.complete();
      MemorySegment parameters = state.copyParameters();
      String sha256 = WeightsDigest.sha256(Parameters.named(gang.layout(), parameters));
      reports.send(new TaskReport.Trained(id, rank.completedSteps(), sha256));
      outbox.emit(
          new Item(
              OrderKey.LAST,
              new TrainedWeights(
                  rank.completedSteps(), parameters.toArray(ValueLayout.JAVA_FLOAT))));
      outbox.emit(new End());
    }
    reports.send(new TaskReport.Complete(id));
  }

  /** One that is wanted waits for a due one where the weights depend on which steps they are. */
  private boolean isCheckpointDue(long step) {
    return policy.isDue(step, clockNs.getAsLong() - checkpointedNs)
        || (checkpointWanted.getAsBoolean() && training.onNonFinite() != NonFinite.ROLL_BACK);
  }

  /**
   * Draws the weights and adapts to the data; false while the data is not there, or while the first
   * rank has not done so.
   */
  private boolean prepare() {
    if (!isFirst()) {
      return gang.isOpen(0) && begin(gang.beginning(0));
    }
    boolean readOnce = training.epochs() == 1 && !training.shuffled();
    if (!log.isSealed() && !(readOnce && log.length() >= ADAPTED_ROWS) && needsData()) {
      return false;
    }
    long rows = readOnce ? Math.min(log.length(), ADAPTED_ROWS) : log.length();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment host = arena.allocate(gang.layout().floats() * Float.BYTES, 64);
      training.network().initialise(seed, host);
      batches.adapt(rows, gang.device(), host);
      rank.parameters().write(0, host);
    }
    return begin(StepCount.NONE);
  }

  private boolean begin(StepCount steps) {
    rank.begin(steps);
    rank.remember();
    return true;
  }

  private boolean needsData() {
    return training.network().adaptation().isPresent();
  }
}
