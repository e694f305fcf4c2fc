package io.tidemill.train;

import io.tidemill.device.Device;
import io.tidemill.device.DeviceBuffer;
import io.tidemill.device.Executable;
import io.tidemill.device.SumTree;
import io.tidemill.program.ParameterLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.file.Path;
import java.util.List;

/**
 * The ranks of a training that live on one host: they read each other's memory, be it that of one
 * process or a {@linkplain GangFile file} that several have mapped (docs/design/0010).
 *
 * <p>Rank r owns a run of shards, whose gradients it computes, and a slice of the parameters, for
 * which it sums the gradients of <em>all</em> shards by the fixed tree and applies the optimiser.
 * The parameters are there once for all ranks of a host: none reads them between its contribution
 * to a step and the last update of it. Which rank owns what changes no bit (DESIGN §7).
 *
 * <p>Order between ranks rests on counters per rank. A slice is summed when every rank has
 * <em>contributed</em> the step; where the norm of the whole gradient is wanted, it is moved when
 * every rank has <em>summed</em> its slice; the next step begins, and gradients may be overwritten,
 * when every rank has <em>updated</em> its own. All are written with volatile semantics, so what
 * came before is seen. Between two steps, a rank that another process works <em>stands</em> at a
 * stop until the leading process, having taken its part of the checkpoint, lets it <em>pass</em>.
 *
 * <p>Of a table that is trained by row, all gradients are zero between two steps. A step marks the
 * rows that its shards look up; these are summed, moved, told other hosts, and cleared again. Two
 * sets of marks take turns: a rank may mark rows of the next step while a host still sends those of
 * this one, and the set of the next step is emptied where this one is updated, when nobody reads
 * it.
 */
public final class Gang implements AutoCloseable {
  private static final VarHandle WORD = ValueLayout.JAVA_LONG.varHandle();

  private final Training<?> training;
  private final Device device;
  private final Executable shardProgram;
  private final GangLayout memoryLayout;
  private final GangMemory memory;
  private final MemorySegment control;
  private final ArenaCut cut;
  private final GangHosts hosts;
  private final int host;
  private final ShardTree shardTree;
  private final SumTree gradientTree;

  /** Of steps with an even and with an odd number. */
  private final List<TouchedRows> touched;

  // Of each rank, in a line that those who work it write.
  private final RankCounters contributed;
  private final RankCounters summed;
  private final RankCounters updated;
  private final RankCounters stood;
  private final RankCounters goneBack;

  // Of each rank, in a line that the leading process writes.
  private final RankCounters opened;
  private final RankCounters completed;
  private final RankCounters applied;
  private final RankCounters failures;
  private final RankCounters passed;

  private final PhaseUnits units;

  /** In memory of this process. */
  public Gang(Training<?> training, Device device, int ranks) {
    this(training, device, GangHosts.one(ranks), 0, MemorySource.OF_PROCESS);
  }

  /**
   * In memory that other processes of a host share; the caller closes it behind the gang.
   *
   * @param hosts of the gang
   * @param host whose memory it is
   */
  public Gang(Training<?> training, Device device, GangHosts hosts, int host, GangFile file) {
    this(
        training,
        device,
        hosts,
        host,
        (layout, owner) -> GangMemory.over(file.memory(), layout, owner));
  }

  private Gang(
      Training<?> training, Device device, GangHosts hosts, int host, MemorySource source) {
    this.training = training;
    this.device = device;
    this.hosts = hosts;
    this.host = host;
    this.shardProgram = training.compile(device);
    GangLayout layout = GangLayout.of(training, device, hosts.allRanks());
    this.memoryLayout = layout;
    this.memory = source.memory(layout, device);
    this.control = memory.control();
    this.cut = ArenaCut.of(layout(), training.optimizer());
    this.touched = List.of(touchedRows(0), touchedRows(1));
    this.contributed = counters(layout.steps(), 0);
    this.summed = counters(layout.steps(), 1);
    this.updated = counters(layout.steps(), 2);
    this.stood = counters(layout.steps(), 3);
    this.goneBack = counters(layout.steps(), 4);
    this.opened = counters(layout.place(), 0);
    this.completed = counters(layout.place(), 1);
    this.applied = counters(layout.place(), 2);
    this.failures = counters(layout.place(), 3);
    this.passed = counters(layout.place(), 4);
    this.units = new PhaseUnits(control, layout.claims());
    this.shardTree = new ShardTree(this);
    this.gradientTree = shardTree.seenBy(host);
  }

  /** Where the memory of a gang comes from. */
  private interface MemorySource {
    MemorySource OF_PROCESS = GangMemory::ofProcess;

    GangMemory memory(GangLayout layout, Device device);
  }

  /** A new log of its samples, which all processes of the gang may read. */
  public SampleLog createLog(Path folder) {
    return new SampleLog(folder, training.encoding().rowBytes(), logExtent());
  }

  /** The processes that work its ranks. */
  public Roster roster() {
    return new Roster(control, memoryLayout);
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
    return memoryLayout.ranks();
  }

  /** How far the log of its samples reaches. */
  LogExtent logExtent() {
    return new LogExtent(control.asSlice(memoryLayout.log(), LogExtent.BYTES));
  }

  /** Memory of the values of a run of a shard that is cut. */
  MemorySegment run(int index) {
    return memory.runs().get(index);
  }

  /** A unit of a shard that is cut is done, in this many steps. */
  void done(int shard, int unit, long steps) {
    WORD.setVolatile(control, memoryLayout.unitDone(shard, unit), steps);
  }

  /** Whether a unit of a shard is, and all that it wrote can be seen. */
  boolean isDone(int shard, int unit, long steps) {
    return (long) WORD.getVolatile(control, memoryLayout.unitDone(shard, unit)) >= steps;
  }

  /** The shards of a rank: [from, to). */
  int firstShard(int rank) {
    return rank * training.shards() / ranks();
  }

  /** How the arena is cut. */
  ArenaCut cut() {
    return cut;
  }

  /** The chunks of the slice of a rank: [from, to). */
  int firstChunk(int rank) {
    return (int) ((long) rank * cut.chunks() / ranks());
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
    return memory.gradients().get(shard);
  }

  List<DeviceBuffer> gradients() {
    return memory.gradients();
  }

  /** In which order this host adds them: what others have summed is one term. */
  SumTree gradientTree() {
    return gradientTree;
  }

  ShardTree shardTree() {
    return shardTree;
  }

  /** The ranks of this host, which share its memory: [from, to). */
  int firstRankHere() {
    return hosts.firstRank(host);
  }

  int endRankHere() {
    return hosts.firstRank(host + 1);
  }

  /** Of the phases of these ranks. */
  PhaseUnits units() {
    return units;
  }

  GangHosts hosts() {
    return hosts;
  }

  int hostOfShard(int shard) {
    int rank = 0;
    while (firstShard(rank + 1) <= shard) {
      rank++;
    }
    return hosts.hostOf(rank);
  }

  GangLayout memoryLayout() {
    return memoryLayout;
  }

  /** Those of all ranks of this host; each moves its slice. */
  DeviceBuffer parameters() {
    return memory.parameters();
  }

  /** In the layout of the whole arena, of which each rank has its slice. */
  List<DeviceBuffer> moments() {
    return memory.moments();
  }

  void lossOf(int shard, float loss) {
    control.set(ValueLayout.JAVA_FLOAT, lossAt(shard), loss);
  }

  void addLossOf(int shard, float loss) {
    lossOf(shard, lossOf(shard) + loss);
  }

  /** The loss of the step that every rank has contributed, summed by the same tree as gradients. */
  float loss() {
    return sum(0, training.shards());
  }

  /** Whether a shard's loss is a number, of the step that every rank has contributed. */
  boolean hasFiniteLoss(int shard) {
    return Float.isFinite(lossOf(shard));
  }

  void squaresOf(int chunk, double sum) {
    control.set(ValueLayout.JAVA_DOUBLE, squaresAt(chunk), sum);
  }

  /** The norm of the gradient that every rank has summed, by a tree over the chunks. */
  double norm() {
    return Math.sqrt(sumOfSquares(0, cut.chunks()));
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

  /** The rank puts its slice back to what it was at the last checkpoint, in the last of these. */
  void goBack(int rank, long steps) {
    goneBack.set(rank, steps);
  }

  /** Whether a rank has put its whole slice back in the last of these steps. */
  boolean hasGoneBack(int rank, long steps) {
    return goneBack.get(rank) == steps;
  }

  /** Clears rows of a chunk that shards [fromShard, toShard) have given something for. */
  void clearRows(int chunk, TouchedRows touched, int fromShard, int toShard) {
    for (ArenaCut.Segment segment : cut.segments(chunk)) {
      long to = segment.byRow() ? segment.to() : segment.from();
      long from = touched.next(segment.from(), to);
      while (from < to) {
        long end = touched.end(from, to);
        for (int shard = fromShard; shard < toShard; shard++) {
          device.clear(gradientOf(shard), from, end);
        }
        from = touched.next(end, to);
      }
    }
  }

  /** A rank that another process works is between two steps, and waits behind them. */
  void stand(int rank, long steps) {
    stood.set(rank, steps);
  }

  /** The steps behind which a rank was last seen to stand. */
  long stood(int rank) {
    return stood.get(rank);
  }

  /**
   * Has a rank begin behind {@code count}; its parameters and its slice of the moments are there.
   */
  void open(int rank, StepCount count) {
    long steps = count.completed();
    for (RankCounters counter : List.of(contributed, summed, updated, stood, passed, completed)) {
      counter.set(rank, steps);
    }
    applied.set(rank, count.applied());
    failures.set(rank, count.failures());
    opened.set(rank, 1);
  }

  /** Whether a rank may begin. */
  boolean isOpen(int rank) {
    return opened.get(rank) != 0;
  }

  /** Where a rank that is open began. */
  StepCount beginning(int rank) {
    return new StepCount(
        completed.get(rank), applied.get(rank), Math.toIntExact(failures.get(rank)));
  }

  /**
   * Has every rank stop after {@code steps} steps. Only the first rank says so, before it begins
   * that very step: the others cannot finish it without the first, and look before they begin the
   * next.
   */
  void stopAfter(long steps) {
    WORD.setVolatile(control, memoryLayout.stop(), steps);
  }

  /** The step after which a rank has to stop next; Long.MAX_VALUE where none is known. */
  long stop(int rank) {
    long announced = announcedStop();
    return announced > passed.get(rank) ? announced : Long.MAX_VALUE;
  }

  /** The rank has done with every stop up to the one after {@code steps} steps. */
  void pass(int rank, long steps) {
    passed.set(rank, steps);
  }

  /** Whether no rank stands, or has yet to stand, at a stop that was announced. */
  boolean allPassed() {
    return passed.allReach(announcedStop());
  }

  boolean allContributed(long steps) {
    return contributed.allReach(steps);
  }

  boolean allSummed(long steps) {
    return summed.allReach(steps);
  }

  boolean allUpdated(long steps) {
    return updated.allReach(steps);
  }

  /** Whether ranks [from, to) have. */
  boolean haveContributed(int from, int to, long steps) {
    return contributed.reach(from, to, steps);
  }

  boolean haveSummed(int from, int to, long steps) {
    return summed.reach(from, to, steps);
  }

  boolean haveUpdated(int from, int to, long steps) {
    return updated.reach(from, to, steps);
  }

  @Override
  public void close() {
    memory.close();
  }

  /** The newest step after which every rank stops, or has stopped; 0 where none was announced. */
  private long announcedStop() {
    return (long) WORD.getVolatile(control, memoryLayout.stop());
  }

  private RankCounters counters(long line, int word) {
    return new RankCounters(control, line + (long) word * Long.BYTES, ranks());
  }

  private TouchedRows touchedRows(int parity) {
    long bytes = TouchedRows.bytes(layout());
    return new TouchedRows(layout(), control.asSlice(memoryLayout.touched(parity), bytes));
  }

  private float lossOf(int shard) {
    return control.get(ValueLayout.JAVA_FLOAT, lossAt(shard));
  }

  private long lossAt(int shard) {
    return memoryLayout.loss(shard);
  }

  private long squaresAt(int chunk) {
    return memoryLayout.square(chunk);
  }

  private float sum(int from, int to) {
    if (to - from == 1) {
      return lossOf(from);
    }
    int middle = from + Integer.highestOneBit(to - from - 1);
    return sum(from, middle) + sum(middle, to);
  }

  private double sumOfSquares(int from, int to) {
    if (to - from <= 1) {
      return to == from ? 0 : control.get(ValueLayout.JAVA_DOUBLE, squaresAt(from));
    }
    int middle = from + Integer.highestOneBit(to - from - 1);
    return sumOfSquares(from, middle) + sumOfSquares(middle, to);
  }
}
