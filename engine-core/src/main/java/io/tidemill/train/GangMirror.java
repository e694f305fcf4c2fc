package io.tidemill.train;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.link.PeerLinks;
import io.tidemill.task.Task;
import io.tidemill.task.TaskId;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;

/**
 * Makes the ranks of other hosts look like ranks of this one: what a rank here has to see of theirs
 * is written into the memory of the gang on this host, in the order in which they wrote it into
 * theirs (docs/design/0012).
 *
 * <p>Every word has one writer, who announces data by a counter; a mirror sends the data and then
 * the counter. So what holds between processes of a host holds between hosts. Of the gradients a
 * host sends the owner of a slice what it can sum by itself, see {@link ShardTree}.
 *
 * <p>Run by a thread of its own, which is that of its {@link PeerLinks}.
 */
public final class GangMirror implements Task {
  private static final VarHandle WORD = ValueLayout.JAVA_LONG.varHandle();
  private static final long FAREWELL_NS = 500_000_000;
  private static final long REST_NS = 50_000;

  private final TaskId id;
  private final Gang gang;
  private final MemorySegment memory;
  private final PeerLinks links;
  private final HostLog log;
  private final int host;

  /** Ranks of this host: [ownFrom, ownTo). */
  private final int ownFrom;

  private final int ownTo;
  private final List<MirrorWay> ways = new ArrayList<>();
  private final PeerLinks.Receiver receiver = this::take;

  /** What the ranks of this host have to have reached next, and in which step, from 0. */
  private Phase phase = Phase.OPENING;

  private long step;
  private boolean isSending;
  private boolean isClosed;

  /** How far the ranks of a host are, as {@link Rank} has it. */
  private enum Phase {
    OPENING,
    GRADIENTS,
    SUM,
    UPDATE
  }

  /** {@code log} is read where this host leads, and written where it does not. */
  public GangMirror(TaskId id, Gang gang, GangFile file, SampleLog log, PeerLinks links) {
    this.id = id;
    this.gang = gang;
    this.memory = file.memory();
    this.links = links;
    this.log = new HostLog(log, gang.training().encoding().rowBytes());
    this.host = links.self();
    this.ownFrom = gang.hosts().firstRank(host);
    this.ownTo = gang.hosts().firstRank(host + 1);
    Transfers transfers = new Transfers(gang, memory);
    for (int other = 0; other < links.peers(); other++) {
      if (other != host) {
        ways.add(new MirrorWay(transfers, links, other, this.log.reader()));
      }
    }
  }

  @Override
  public TaskId id() {
    return id;
  }

  @Override
  public int doWork() {
    int work = links.poll(receiver);
    work += advance();
    for (MirrorWay way : ways) {
      work += way.send();
    }
    if (isSending && ways.stream().allMatch(MirrorWay::isIdle)) {
      isSending = false;
      work += leave();
    }
    return work;
  }

  /** Tells the others what they still have to know, as far as that takes little time. */
  @Override
  public void close() {
    if (!isClosed) {
      isClosed = true;
      long begunNs = System.nanoTime();
      while (!ways.stream().allMatch(MirrorWay::sendNews)
          && System.nanoTime() - begunNs < FAREWELL_NS) {
        links.poll((_, _, _) -> {});
        LockSupport.parkNanos(REST_NS);
      }
      links.close();
    }
  }

  /** Orders what is to be sent of a phase that all ranks of this host have done. */
  private int advance() {
    if (isSending || !isDone()) {
      return 0;
    }
    switch (phase) {
      case OPENING -> {
        step = gang.beginning(ownFrom).completed();
        phase = Phase.GRADIENTS;
        return 1;
      }
      case GRADIENTS -> {
        // Nobody marks rows of the next step before all hosts have heard of this one.
        clearElsewhere(gang.touched(step + 1));
        ways.forEach(way -> way.orderGradients(step));
      }
      case SUM -> ways.forEach(way -> way.orderSquares(step));
      case UPDATE -> ways.forEach(way -> way.orderSlices(step));
    }
    isSending = true;
    return 1;
  }

  private boolean isDone() {
    return switch (phase) {
      case OPENING -> IntStream.range(ownFrom, ownTo).allMatch(gang::isOpen);
      case GRADIENTS -> gang.haveContributed(ownFrom, ownTo, step + 1);
      case SUM -> gang.haveSummed(ownFrom, ownTo, step + 1);
      case UPDATE -> gang.haveUpdated(ownFrom, ownTo, step + 1);
    };
  }

  /** All of a phase was sent, and before anything is taken that others do for it. */
  private int leave() {
    switch (phase) {
      case OPENING -> {}
      case GRADIENTS -> {
        releaseElsewhere(gang.touched(step));
        phase = gang.training().needsNorm() ? Phase.SUM : Phase.UPDATE;
      }
      case SUM -> phase = Phase.UPDATE;
      case UPDATE -> {
        phase = Phase.GRADIENTS;
        step++;
      }
    }
    return 1;
  }

  private void clearElsewhere(TouchedRows marks) {
    marks.clear(0, gang.sliceStart(ownFrom));
    marks.clear(gang.sliceStart(ownTo), gang.layout().floats());
  }

  /** Of rows that lie in others' slices, the gradients of shards of this host are at rest. */
  private void releaseElsewhere(TouchedRows touched) {
    releaseRows(touched, 0, gang.firstChunk(ownFrom));
    releaseRows(touched, gang.firstChunk(ownTo), gang.cut().chunks());
  }

  private void releaseRows(TouchedRows touched, int fromChunk, int toChunk) {
    for (int chunk = fromChunk; chunk < toChunk; chunk++) {
      gang.clearRows(chunk, touched, gang.firstShard(ownFrom), gang.firstShard(ownTo));
    }
  }

  private void take(int from, long frame, int bytes) {
    int payload = bytes < MirrorFrame.HEADER ? -1 : MirrorFrame.bytes(frame);
    if (payload < 0 || payload > bytes - MirrorFrame.HEADER) {
      throw strange(from, "of " + bytes + " bytes");
    }
    long at = MirrorFrame.at(frame);
    int kind = MirrorFrame.kind(frame);
    switch (kind) {
      case MirrorFrame.BYTES -> {
        requireRange(from, at, payload);
        MemorySegment.copy(MirrorFrame.ALL, frame + MirrorFrame.HEADER, memory, at, payload);
      }
      case MirrorFrame.WORD -> {
        requireRange(from, at, Long.BYTES);
        WORD.setVolatile(memory, at, MirrorFrame.word(frame, 0));
      }
      case MirrorFrame.MARKS -> {
        requireRange(from, at, payload);
        for (int word = 0; word < payload / Long.BYTES; word++) {
          mark(at + (long) word * Long.BYTES, MirrorFrame.word(frame, word));
        }
      }
      case MirrorFrame.LOG -> log.begin(at);
      case MirrorFrame.ROWS -> log.append(at, frame + MirrorFrame.HEADER, payload);
      case MirrorFrame.SEALED -> log.seal();
      case MirrorFrame.TRIMMED -> log.trim(at);
      default -> throw strange(from, "of kind " + Integer.toHexString(kind));
    }
  }

  private void mark(long at, long bits) {
    if (bits != 0) {
      long _ = (long) WORD.getAndBitwiseOr(memory, at, bits);
    }
  }

  private void requireRange(int from, long at, long bytes) {
    if (at < 0 || at > memory.byteSize() - bytes) {
      throw strange(from, "for byte " + at + " of " + memory.byteSize());
    }
  }

  private EngineException strange(int from, String what) {
    return new EngineException(
        ErrorCode.INTERNAL,
        "training %s: host %d has sent a frame %s, which host %d cannot place"
            .formatted(id.vertex(), from, what, host));
  }
}
