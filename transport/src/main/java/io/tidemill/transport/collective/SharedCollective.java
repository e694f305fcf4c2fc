package io.tidemill.transport.collective;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A collective of threads of one process, or of processes of one host, that share memory.
 *
 * <p>Nothing is copied: the owner of a slice reads the contributions of all leaves where their
 * ranks wrote them and writes the sum where all ranks read it. Two counters a rank order this:
 * <em>submitted</em>, up to which operation its contributions are there, and <em>summed</em>, up to
 * which one its slice is.
 */
public final class SharedCollective implements Collective {
  /** What one poll sums, in floats read: microseconds, and no second while nothing is compiled. */
  private static final long POLL_FLOATS = 1 << 17;

  private final Group group;
  private final int rank;
  private final SharedMemory memory;
  private final Runnable onLeaving;
  private final OperationQueue operations;
  private final PeerWatch watch;
  private final long[] beats;
  private final List<MemorySegment> contributions = new ArrayList<>();
  private final MemorySegment values;
  private final SumTree tree;
  private final long pieceFloats;

  /** Of the oldest operation: whether summing has begun, where it goes on, whether it is done. */
  private boolean isSumming;

  private boolean isSummed;
  private long nextFloat;
  private volatile boolean isClosed;

  private SharedCollective(
      Group group, int rank, SharedMemory memory, Patience patience, Runnable onLeaving) {
    this.group = group;
    this.rank = rank;
    this.memory = memory;
    this.onLeaving = onLeaving;
    operations = new OperationQueue(group);
    watch = new PeerWatch(group.ranks(), rank, patience);
    beats = new long[group.ranks()];
    for (int leaf = group.firstLeaf(rank); leaf < group.firstLeaf(rank + 1); leaf++) {
      contributions.add(memory.contribution(group, leaf));
    }
    values = memory.values(group);
    StagedTerms terms = new StagedTerms(leaf -> memory.contribution(group, leaf.from()).address());
    tree = new SumTree(terms.of(LeafTree.over(0, group.leaves())));
    pieceFloats = Math.max(Slices.ALIGNMENT, POLL_FLOATS / group.leaves());
  }

  /** All ranks of a group whose ranks are threads of this process, in their order. */
  public static List<Collective> ofThreads(Group group, Patience patience) {
    SharedMemory memory = SharedMemory.ofProcess(group);
    AtomicInteger present = new AtomicInteger(group.ranks());
    Runnable onLeaving =
        () -> {
          if (present.decrementAndGet() == 0) {
            memory.close();
          }
        };
    List<Collective> ranks = new ArrayList<>();
    for (int rank = 0; rank < group.ranks(); rank++) {
      memory.join(rank);
      ranks.add(new SharedCollective(group, rank, memory, patience, onLeaving));
    }
    return ranks;
  }

  /**
   * One rank of a group whose ranks are processes of this host. The first to come makes the file,
   * the last to leave removes it; one that older generations left behind is replaced, and whoever
   * still uses it is told that its generation is over.
   *
   * @param file in a file system in memory, {@code /dev/shm}
   * @throws EngineException RESOURCE where the file is another group's or a newer generation's,
   *     where the rank's place is taken, or where there is no room; INVALID_DATA where it is no
   *     such file
   */
  public static Collective ofFile(Path file, Group group, int rank, Patience patience) {
    SharedMemory memory = SharedFile.join(file, group, group.checkedRank(rank));
    return new SharedCollective(
        group, rank, memory, patience, () -> SharedFile.leave(file, group, memory));
  }

  @Override
  public Group group() {
    return group;
  }

  @Override
  public int rank() {
    return rank;
  }

  @Override
  public MemorySegment contribution(int leaf) {
    return contributions.get(group.ownLeaf(rank, leaf));
  }

  @Override
  public MemorySegment values() {
    return values;
  }

  @Override
  public long reduceScatter(Slices slices) {
    return begin(slices, true, false);
  }

  @Override
  public long allGather(Slices slices) {
    return begin(slices, false, true);
  }

  @Override
  public long allReduce(Slices slices) {
    return begin(slices, true, true);
  }

  @Override
  public int poll(long nowNs) {
    checkRunning();
    if (watch.isDue(nowNs)) {
      memory.beat(rank);
      look(nowNs);
    }
    return operations.isEmpty() ? 0 : advance(operations.head());
  }

  @Override
  public long completed() {
    return operations.completed();
  }

  @Override
  public void abort(String reason) {
    if (!isClosed) {
      memory.end("%s was ended by rank %d: %s".formatted(group, rank, reason));
    }
  }

  @Override
  public long refused() {
    return isClosed ? 0 : memory.refused();
  }

  @Override
  public void close() {
    if (!isClosed) {
      isClosed = true;
      memory.leave(rank);
      onLeaving.run();
    }
  }

  private long begin(Slices slices, boolean reduces, boolean gathers) {
    checkRunning();
    long number = operations.begin(slices, reduces, gathers);
    memory.submit(rank, number);
    return number;
  }

  private int advance(Operation operation) {
    int work = isSummed ? 0 : sumSlice(operation);
    if (isSummed && (!operation.gathers() || haveAllSummed(operation.number()))) {
      operations.complete();
      isSummed = false;
      work++;
    }
    return work;
  }

  /** Sums a piece of the own slice, where it is time to; work done. */
  private int sumSlice(Operation operation) {
    if (!isSumming) {
      if (operation.reduces() && !haveAllSubmitted(operation.number())) {
        return 0;
      }
      isSumming = true;
      nextFloat = operation.reduces() ? operation.slices().start(rank) : Long.MAX_VALUE;
    }
    long end = operation.slices().end(rank);
    if (nextFloat < end) {
      long to = Math.min(end, nextFloat + pieceFloats);
      tree.sum(nextFloat, to, values.address());
      nextFloat = to;
    }
    if (nextFloat >= end) {
      isSumming = false;
      isSummed = true;
      memory.sum(rank, operation.number());
    }
    return 1;
  }

  private boolean haveAllSubmitted(long operation) {
    for (int other = 0; other < beats.length; other++) {
      if (!memory.hasSubmitted(other, operation)) {
        return false;
      }
    }
    return true;
  }

  private boolean haveAllSummed(long operation) {
    for (int other = 0; other < beats.length; other++) {
      if (!memory.hasSummed(other, operation)) {
        return false;
      }
    }
    return true;
  }

  private void checkRunning() {
    if (isClosed) {
      throw new EngineException(ErrorCode.RESOURCE, "%s: rank %d has left".formatted(group, rank));
    }
    if (memory.hasEnded()) {
      throw new EngineException(ErrorCode.RESOURCE, memory.reason());
    }
  }

  /** Ends the group where a rank is lost. */
  private void look(long nowNs) {
    for (int other = 0; other < beats.length; other++) {
      hear(other, nowNs);
      if (memory.hasLeft(other) ? isMissed(other) : watch.isLost(other, nowNs)) {
        String loss =
            memory.hasLeft(other)
                ? "rank %d left while rank %d still needs it".formatted(other, rank)
                : watch.lossOf(other, nowNs);
        memory.end(group + ": " + loss);
        checkRunning();
      }
    }
  }

  private void hear(int other, long nowNs) {
    long count = memory.beats(other);
    if (count != beats[other]) {
      beats[other] = count;
      watch.heard(other, nowNs);
    }
  }

  /** Whether an operation that is under way waits for a rank that will do nothing any more. */
  private boolean isMissed(int other) {
    return !operations.isEmpty() && !memory.hasSummed(other, operations.head().number());
  }
}
