package io.tidemill.train;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.task.Task;
import io.tidemill.task.TaskId;
import io.tidemill.train.Outgoing.Transfer;
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
 * <p>Run by a thread of its own, which is that of its {@link HostLinks}.
 */
public final class GangMirror implements Task {
  private static final VarHandle WORD = ValueLayout.JAVA_LONG.varHandle();
  private static final int ROW_FRAMES_PER_TURN = 32;
  private static final long FAREWELL_NS = 500_000_000;
  private static final long REST_NS = 50_000;

  private final TaskId id;
  private final Gang gang;
  private final GangLayout layout;
  private final MemorySegment memory;
  private final HostLinks links;
  private final HostLog log;
  private final int host;

  /** Ranks of this host: [ownFrom, ownTo). */
  private final int ownFrom;

  private final int ownTo;
  private final List<Way> ways = new ArrayList<>();
  private final HostLinks.Receiver receiver = this::take;

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
  public GangMirror(TaskId id, Gang gang, GangFile file, SampleLog log, HostLinks links) {
    this.id = id;
    this.gang = gang;
    this.layout = gang.memoryLayout();
    this.memory = file.memory();
    this.links = links;
    this.log = new HostLog(log, gang.training().encoding().rowBytes());
    this.host = links.host();
    this.ownFrom = gang.hosts().firstRank(host);
    this.ownTo = gang.hosts().firstRank(host + 1);
    for (int other = 0; other < links.hosts(); other++) {
      if (other != host) {
        ways.add(new Way(other));
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
    for (Way way : ways) {
      work += way.send();
    }
    if (isSending && ways.stream().allMatch(way -> way.outgoing.isIdle())) {
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
      while (!ways.stream().allMatch(Way::sendNews) && System.nanoTime() - begunNs < FAREWELL_NS) {
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
        ways.forEach(way -> way.outgoing.order(way.gradients, step));
      }
      case SUM -> ways.forEach(way -> way.outgoing.order(way.squares, step));
      case UPDATE -> ways.forEach(way -> way.outgoing.order(way.slices, step));
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

  private boolean leads() {
    return host == 0;
  }

  /** All that goes to one other host. */
  private final class Way {
    final Outgoing outgoing;
    final List<Transfer> gradients;
    final List<Transfer> squares;
    final List<Transfer> slices;
    private final int theirFrom;
    private final int theirTo;

    /** Words that are sent when they have changed. */
    private final List<News> news = new ArrayList<>();

    /** Of each rank, whether its beginning was ordered, or the steps behind which it last stood. */
    private final long[] placed = new long[gang.ranks()];

    private final HostLog.Reader rows = log.reader();

    Way(int other) {
      outgoing = new Outgoing(links, other);
      theirFrom = gang.hosts().firstRank(other);
      theirTo = gang.hosts().firstRank(other + 1);
      gradients = gradients();
      squares = squares();
      slices = slices();
      for (int rank = ownFrom; rank < ownTo; rank++) {
        news.add(new Joined(rank));
        news.add(new Changed(layout.beats(rank)));
        news.add(new Failed(rank));
      }
      if (leads()) {
        for (int rank = theirFrom; rank < theirTo; rank++) {
          news.add(new Changed(layout.passed(rank)));
        }
        news.add(new Changed(layout.over()));
      }
    }

    int send() {
      int work = sendNews() ? 0 : 1;
      work += leads() ? open() : stand();
      work += outgoing.send();
      return leads() ? work + rows.send(outgoing, ROW_FRAMES_PER_TURN) : work;
    }

    /** Whether there is none left. */
    boolean sendNews() {
      for (int i = 0; i < news.size(); i++) {
        if (!news.get(i).send(outgoing)) {
          return false;
        }
      }
      return true;
    }

    /** Has ranks there begin that the leading process has opened here. */
    private int open() {
      int work = 0;
      for (int rank = theirFrom; rank < theirTo; rank++) {
        if (placed[rank] == 0 && gang.isOpen(rank)) {
          placed[rank] = 1;
          outgoing.order(beginning(rank), 0);
          work++;
        }
      }
      return work;
    }

    /** Gives the leading host the moments of ranks of this host that have come to a stop. */
    private int stand() {
      int work = 0;
      for (int rank = ownFrom; rank < ownTo && outgoing.host() == 0; rank++) {
        long stood = gang.isOpen(rank) ? gang.stood(rank) : 0;
        if (stood > placed[rank]) {
          placed[rank] = stood;
          outgoing.order(standing(rank), 0);
          work++;
        }
      }
      return work;
    }

    private List<Transfer> gradients() {
      List<Transfer> transfers = new ArrayList<>();
      if (leads()) {
        transfers.add(word(layout.stop())); // before the step that it names is counted
      }
      transfers.add(
          bytes(layout.loss(gang.firstShard(ownFrom)), layout.loss(gang.firstShard(ownTo))));
      transfers.add(GangMirror.this::sendMarks);
      long from = gang.sliceStart(theirFrom);
      long to = gang.sliceStart(theirTo);
      for (ShardTree.Part part : gang.shardTree().partsOf(host)) {
        transfers.add((out, at) -> sendPart(out, part, gang.touched(at), from, to));
      }
      for (int rank = ownFrom; rank < ownTo; rank++) {
        transfers.add(word(layout.contributed(rank)));
      }
      return List.copyOf(transfers);
    }

    private List<Transfer> squares() {
      List<Transfer> transfers = new ArrayList<>();
      transfers.add(
          bytes(layout.square(gang.firstChunk(ownFrom)), layout.square(gang.firstChunk(ownTo))));
      for (int rank = ownFrom; rank < ownTo; rank++) {
        transfers.add(word(layout.summed(rank)));
      }
      return List.copyOf(transfers);
    }

    private List<Transfer> slices() {
      List<Transfer> transfers = new ArrayList<>();
      for (int rank = ownFrom; rank < ownTo; rank++) {
        int owner = rank;
        transfers.add((out, at) -> sendSlice(out, owner, at));
        transfers.add(word(layout.updated(rank)));
      }
      return List.copyOf(transfers);
    }

    private List<Transfer> beginning(int rank) {
      List<Transfer> transfers = new ArrayList<>(moments(rank));
      long parameters = layout.parameters(rank);
      transfers.add(bytes(parameters, parameters + gang.layout().floats() * Float.BYTES));
      layout.beginning(rank).forEach(at -> transfers.add(word(at)));
      return transfers;
    }

    private List<Transfer> standing(int rank) {
      List<Transfer> transfers = new ArrayList<>(moments(rank));
      transfers.add(word(layout.stood(rank)));
      return transfers;
    }

    private List<Transfer> moments(int rank) {
      return IntStream.range(0, gang.moments().size())
          .mapToObj(
              i ->
                  bytes(
                      layout.moment(i) + gang.sliceStart(rank) * Float.BYTES,
                      layout.moment(i) + gang.sliceStart(rank + 1) * Float.BYTES))
          .toList();
    }

    private Transfer bytes(long from, long to) {
      return (out, _) -> out.sendBytes(memory, from, to);
    }

    private Transfer word(long at) {
      return (out, _) -> out.sendWord(at, (long) WORD.getVolatile(memory, at));
    }
  }

  /** Sends the words of a step's marks in which there are any. */
  private boolean sendMarks(Outgoing to, long ofStep) {
    long first = layout.touched((int) (ofStep & 1));
    long end = first + layout.touchedBytes();
    long at = to.cursor(first);
    while (at < end) {
      while (at < end && (long) WORD.getOpaque(memory, at) == 0) {
        at += Long.BYTES;
      }
      int bytes = (int) Math.min(to.mostPayload() & -Long.BYTES, end - at);
      if (bytes > 0) {
        long frame = to.claim(MirrorFrame.MARKS, at, bytes);
        if (frame == 0) {
          return to.waitAt(at);
        }
        MemorySegment.copy(memory, at, MirrorFrame.ALL, frame + MirrorFrame.HEADER, bytes);
        to.commit();
        at += bytes;
      }
    }
    return true;
  }

  /** Sums what the shards of a part have touched of [from, to), and sends the sum. */
  private boolean sendPart(
      Outgoing out, ShardTree.Part part, TouchedRows touched, long from, long to) {
    long base = layout.gradients(part.shard());
    long at = touched.next(out.cursor(from), to);
    while (at < to) {
      long end = Math.min(touched.end(at, to), at + mostFloats(out));
      long frame = claimFloats(out, base, at, end);
      if (frame == 0) {
        return out.waitAt(at);
      }
      // In place: nobody but the owner of the slice wants these floats of any shard.
      gang.device().treeSum(part.tree(), gang.gradientOf(part.shard()), at, end);
      sendFloats(out, frame, base, at, end);
      at = touched.next(end, to);
    }
    return true;
  }

  /** Sends what a rank has moved of its slice: where it went back that may be any row. */
  private boolean sendSlice(Outgoing out, int rank, long ofStep) {
    TouchedRows touched = gang.touched(ofStep);
    boolean all = gang.hasGoneBack(rank, ofStep + 1);
    long base = layout.parameters(rank);
    long to = gang.sliceStart(rank + 1);
    long from = out.cursor(gang.sliceStart(rank));
    long at = all ? from : touched.next(from, to);
    while (at < to) {
      long end = Math.min(all ? to : touched.end(at, to), at + mostFloats(out));
      long frame = claimFloats(out, base, at, end);
      if (frame == 0) {
        return out.waitAt(at);
      }
      sendFloats(out, frame, base, at, end);
      at = all ? end : touched.next(end, to);
    }
    return true;
  }

  private static int mostFloats(Outgoing out) {
    return out.mostPayload() / Float.BYTES;
  }

  private static long claimFloats(Outgoing out, long base, long from, long to) {
    return out.claim(
        MirrorFrame.BYTES, base + from * Float.BYTES, (int) ((to - from) * Float.BYTES));
  }

  private void sendFloats(Outgoing out, long frame, long base, long from, long to) {
    MemorySegment.copy(
        memory,
        base + from * Float.BYTES,
        MirrorFrame.ALL,
        frame + MirrorFrame.HEADER,
        (to - from) * Float.BYTES);
    out.commit();
  }

  /** Something that is sent when it has changed. */
  private interface News {
    /** False where there was no room. */
    boolean send(Outgoing to);
  }

  /** A word of the memory. */
  private final class Changed implements News {
    private final long at;
    private long sent;

    Changed(long at) {
      this.at = at;
    }

    @Override
    public boolean send(Outgoing to) {
      long word = (long) WORD.getVolatile(memory, at);
      if (word == sent) {
        return true;
      }
      if (!to.sendWord(at, word)) {
        return false;
      }
      sent = word;
      return true;
    }
  }

  /** That a process works a rank; its number would mean another one elsewhere. */
  private final class Joined implements News {
    private final int rank;
    private boolean isSent;

    Joined(int rank) {
      this.rank = rank;
    }

    @Override
    public boolean send(Outgoing to) {
      if (!isSent && gang.roster().pid(rank) != 0) {
        isSent = to.sendWord(layout.pid(rank), Roster.ELSEWHERE);
        return isSent;
      }
      return true;
    }
  }

  /** Why a rank cannot go on; the text before its length. */
  private final class Failed implements News {
    private final int rank;
    private boolean isSent;

    Failed(int rank) {
      this.rank = rank;
    }

    @Override
    public boolean send(Outgoing to) {
      long length = (long) WORD.getVolatile(memory, layout.failed(rank));
      if (length == 0 || isSent) {
        return true;
      }
      long text = layout.failure(rank);
      for (long at = text; at < text + length; at += to.mostPayload()) {
        int bytes = (int) Math.min(to.mostPayload(), text + length - at);
        long frame = to.claim(MirrorFrame.BYTES, at, bytes);
        if (frame == 0) {
          return false;
        }
        MemorySegment.copy(memory, at, MirrorFrame.ALL, frame + MirrorFrame.HEADER, bytes);
        to.commit();
      }
      isSent = to.sendWord(layout.failed(rank), length);
      return isSent;
    }
  }
}
