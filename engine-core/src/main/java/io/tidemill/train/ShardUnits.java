package io.tidemill.train;

import io.tidemill.device.DeviceBuffer;
import io.tidemill.device.Executable;
import io.tidemill.device.Execution;
import io.tidemill.error.EngineException;
import io.tidemill.program.Segment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * A rank's part of the shards of a step where their program is cut into segments, each at a place:
 * pipeline and tensor parallelism, with the shards as micro-batches (docs/design/0013).
 *
 * <p>A unit is one segment of one shard, and the first unit of a shard fills its inputs. A unit is
 * ready when those before it are done, by whichever rank; of the ready ones a thread takes the one
 * that lies deepest in its shard, so that a stage goes back before it begins another shard (1F1B:
 * Narayanan and others 2021), and gradients that nobody waits for come last. A run's values lie in
 * memory that all ranks see, and there is room for as many runs as there are places, which bounds
 * them; so nothing is sent. No thread waits here, and the order changes no bit.
 */
final class ShardUnits implements GradientUnits {
  private static final int FILL = 0;

  private final Gang gang;
  private final Batches batches;
  private final DeviceBuffer parameters;
  private final int runs;
  private final List<Segment> segments;

  /** In the order in which a thread looks for one that is ready. */
  private final List<Unit> units;

  /** The steps in which each was begun. */
  private final AtomicLongArray begun;

  /** For each thread, one over the values of each run. */
  private final List<List<Execution>> executions = new ArrayList<>();

  /** Unit 0 fills the inputs; unit n + 1 is segment n. */
  private record Unit(int shard, int number) {
    int segment() {
      return number - 1;
    }
  }

  ShardUnits(Gang gang, int rank, int threads, Batches batches) {
    this.gang = gang;
    this.batches = batches;
    this.parameters = gang.parameters();
    this.runs = gang.memoryLayout().runs();
    this.segments = gang.shardProgram().segments();
    this.units = unitsOf(rank);
    this.begun = new AtomicLongArray(units.size());
    for (int thread = 0; thread < threads; thread++) {
      List<Execution> own = new ArrayList<>();
      for (int run = 0; run < runs; run++) {
        own.add(gang.shardProgram().newExecution(gang.run(run)));
      }
      executions.add(own);
    }
  }

  /** Units of a shard. */
  static int of(Executable program) {
    return 1 + program.segments().size();
  }

  /** Runs of shards that are under way at the same time. */
  static int runs(Training<?> training, int ranks) {
    int places = training.parallelism().places();
    return Math.min(training.shards(), places * Math.max(1, ranks / places));
  }

  @Override
  public int count() {
    return units.size();
  }

  /**
   * Begins a unit that is ready.
   *
   * @param step from 0
   * @return which; -1 where none is
   */
  int begin(long step) {
    for (int i = 0; i < units.size(); i++) {
      long last = begun.get(i);
      if (last <= step && isReady(units.get(i), step) && begun.compareAndSet(i, last, step + 1)) {
        return i;
      }
    }
    return -1;
  }

  /** Shards are the micro-batches, so {@code microBatch} is 0. */
  @Override
  public void run(int index, long step, int microBatch, int thread) {
    Unit unit = units.get(index);
    Execution execution = executions.get(thread).get(unit.shard % runs);
    if (unit.number == FILL) {
      batches.fill(step, microBatch, unit.shard, execution);
    } else {
      run(unit, step, execution);
    }
    gang.done(unit.shard, unit.number, step + 1);
  }

  @Override
  public Optional<Execution> whole(int thread) {
    return Optional.empty();
  }

  @Override
  public void close() {
    executions.forEach(own -> own.forEach(Execution::close));
  }

  private void run(Unit unit, long step, Execution execution) {
    try {
      execution.run(unit.segment(), parameters, gang.gradientOf(unit.shard));
    } catch (EngineException e) {
      throw GradientUnits.placed(e, step, unit.shard);
    }
    Segment segment = segments.get(unit.segment());
    if (segment.gives().contains("loss")) {
      gang.lossOf(unit.shard, execution.output("loss").get(ValueLayout.JAVA_FLOAT, 0));
    }
    gang.touched(step).mark(execution, segment.gives());
  }

  private boolean isReady(Unit unit, long step) {
    if (unit.number == FILL) {
      return unit.shard < runs || isDone(unit.shard - runs, step);
    }
    List<Integer> after = segments.get(unit.segment()).after();
    for (int i = 0; i < after.size(); i++) {
      if (!gang.isDone(unit.shard, after.get(i) + 1, step + 1)) {
        return false;
      }
    }
    return !after.isEmpty() || gang.isDone(unit.shard, FILL, step + 1);
  }

  /** Whether nothing of a shard is left to do. */
  private boolean isDone(int shard, long step) {
    for (int unit = 0; unit <= segments.size(); unit++) {
      if (!gang.isDone(shard, unit, step + 1)) {
        return false;
      }
    }
    return true;
  }

  private List<Unit> unitsOf(int rank) {
    List<Unit> own = new ArrayList<>();
    for (int shard = 0; shard < gang.training().shards(); shard++) {
      for (int number = 0; number <= segments.size(); number++) {
        Unit unit = new Unit(shard, number);
        if (rankOf(shard, place(unit)) == rank) {
          own.add(unit);
        }
      }
    }
    own.sort(
        Comparator.comparing((Unit unit) -> !isUrgent(unit))
            .thenComparing(Comparator.comparingInt(this::level).reversed())
            .thenComparingInt(Unit::shard)
            .thenComparingInt(Unit::number));
    return List.copyOf(own);
  }

  /** A set of as many ranks as there are places shares the shards of every so many. */
  private int rankOf(int shard, int place) {
    int places = gang.training().parallelism().places();
    int sets = gang.ranks() / places;
    return sets == 0 ? place * gang.ranks() / places : place * sets + shard % sets;
  }

  private int place(Unit unit) {
    return unit.number == FILL ? segments.getFirst().place() : segments.get(unit.segment()).place();
  }

  private int level(Unit unit) {
    return unit.number == FILL ? -1 : segments.get(unit.segment()).level();
  }

  private boolean isUrgent(Unit unit) {
    return unit.number == FILL || segments.get(unit.segment()).isUrgent();
  }
}
