package io.tidemill.transport.collective;

import io.aeron.Image;
import io.aeron.logbuffer.ControlledFragmentHandler;
import io.aeron.logbuffer.ControlledFragmentHandler.Action;
import io.aeron.logbuffer.FrameDescriptor;
import io.aeron.logbuffer.Header;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.transport.aeron.Address;
import io.tidemill.transport.aeron.AeronClient;
import io.tidemill.transport.aeron.Credentials;
import io.tidemill.transport.aeron.Identity;
import io.tidemill.transport.aeron.Listener;
import io.tidemill.transport.aeron.Refusals;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.agrona.DirectBuffer;

/**
 * A collective over Aeron: between processes of a host, or between hosts.
 *
 * <p>Ranks send each slice straight to its owner, as the sums of the largest sub-trees that are
 * theirs alone, so that the owner can add them in the order of the tree (a ring could not). Slices
 * go in pieces of a frame: one is summed while the next is on its way, and sent on as soon as it is
 * summed. Frames of an operation that has not begun here stay in Aeron's buffers, and hold their
 * sender back.
 *
 * <p>Aeron knows no authentication. A stream that does not begin with a hello of this group, this
 * generation and its secret is refused and counted; that keeps out mistakes and strangers, not
 * those who read the network.
 */
public final class AeronCollective implements Collective {
  private static final int FRAMES_PER_POLL = 32;
  private static final int SENDS_PER_POLL = 4;
  private static final int PIECES_PER_POLL = 8;

  /** Between two knocks at the doors of those who do not know us yet. */
  private static final long KNOCK_NS = 5_000_000;

  private static final long LEAVING_NS = 2_000_000_000;
  private static final long REST_NS = 50_000;

  /** Rounds in which Aeron is given the chance to send our last words. */
  private static final int LAST_ROUNDS = 100;

  private static final int REASON_BYTES = 512;

  private final Group group;
  private final Credentials credentials;
  private final Identity identity;
  private final int rank;
  private final AeronClient client;
  private final Listener listener;
  private final OperationQueue operations;
  private final PeerWatch watch;
  private final int pieceFloats;
  private final Arena arena = Arena.ofShared();
  private final List<MemorySegment> contributions = new ArrayList<>();
  private final MemorySegment values;

  /** Of each other rank, in the same order: what it sends, and what is sent to it. */
  private final List<Inbound> inbounds = new ArrayList<>();

  private final List<Outbound> outbounds = new ArrayList<>();
  private final SliceSum sum;
  private final ControlledFragmentHandler door = this::onFrame;
  private final Refusals refusals = new Refusals();

  /** Why the group has ended; empty while it has not. */
  private final AtomicReference<String> ending = new AtomicReference<>("");

  private long nowNs;
  private long nextKnockNs;

  /** Whether somebody has come and was not told yet that we know it. */
  private boolean owesHello;

  private boolean isUnderWay;
  private boolean hasToldOthers;
  private boolean isClosed;

  private AeronCollective(
      Group group, int rank, Listener listener, List<Address> addresses, Patience patience) {
    this.group = group;
    this.credentials = group.credentials();
    this.identity = credentials.identity();
    this.rank = rank;
    this.client = listener.client();
    this.listener = listener;
    operations = new OperationQueue(group);
    watch = new PeerWatch(group.ranks(), rank, patience);
    int payloadFloats = (client.settings().payloadBytes() - Frame.DATA_HEADER_BYTES) / Float.BYTES;
    pieceFloats = payloadFloats / Slices.ALIGNMENT * Slices.ALIGNMENT;
    values = arena.allocate(group.floats() * Float.BYTES, 64);
    for (int leaf = group.firstLeaf(rank); leaf < group.firstLeaf(rank + 1); leaf++) {
      contributions.add(arena.allocate(group.summedFloats() * Float.BYTES, 64));
    }
    LeafTree tree = LeafTree.over(0, group.leaves());
    StagedTerms terms = new StagedTerms(leaf -> contribution(leaf.from()).address());
    List<SumTree> parts = run(tree, rank).stream().map(terms::of).map(SumTree::new).toList();
    for (int peer = 0; peer < group.ranks(); peer++) {
      if (peer != rank) {
        inbounds.add(inbound(peer, terms.stage(run(tree, peer))));
        outbounds.add(
            new Outbound(
                peer, client.publish(addresses.get(peer)), parts, values.address(), pieceFloats));
      }
    }
    sum = new SliceSum(new SumTree(terms.of(tree)), inbounds, values.address(), pieceFloats);
  }

  /**
   * One rank of a group.
   *
   * @param listener where the others reach this rank; the collective closes it, and not its client
   * @param addresses where each rank listens, in their order
   * @throws EngineException RESOURCE where an address cannot be sent to
   */
  public static Collective of(
      Group group, int rank, Listener listener, List<Address> addresses, Patience patience) {
    group.checkedRank(rank);
    if (addresses.size() != group.ranks()) {
      throw new EngineException(
          ErrorCode.INVALID_ARGUMENT,
          "%s: expected %d addresses, one a rank, found %d"
              .formatted(group, group.ranks(), addresses.size()));
    }
    return new AeronCollective(group, rank, listener, addresses, patience);
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
  public int poll(long now) {
    checkRunning();
    nowNs = now;
    boolean isDue = watch.isDue(now);
    int work = client.invoke() + listener.subscription().controlledPoll(door, FRAMES_PER_POLL);
    if (isDue || (now - nextKnockNs >= 0 && (owesHello || !isKnownToAll()))) {
      nextKnockNs = now + KNOCK_NS;
      owesHello = !sayHello(0);
    }
    work += advance();
    if (isDue) {
      look();
    }
    checkRunning();
    return work;
  }

  @Override
  public long completed() {
    return operations.completed();
  }

  @Override
  public void abort(String reason) {
    end("%s was ended by rank %d: %s".formatted(group, rank, reason));
  }

  @Override
  public long refused() {
    return refusals.count();
  }

  @Override
  public void close() {
    if (!isClosed) {
      isClosed = true;
      if (ending.get().isEmpty()) {
        leave();
      } else {
        tellOthers();
      }
      outbounds.forEach(Outbound::close);
      listener.close();
      client.invoke();
      arena.close();
    }
  }

  private List<LeafTree> run(LeafTree tree, int owner) {
    return tree.within(group.firstLeaf(owner), group.firstLeaf(owner + 1));
  }

  private Inbound inbound(int peer, List<SumTree.Term> staged) {
    long ringFloats = (long) staged.size() * Inbound.RING_PIECES * pieceFloats;
    MemorySegment ring = arena.allocate(ringFloats * Float.BYTES, 64);
    return new Inbound(peer, staged, ring, values.address(), pieceFloats);
  }

  private long begin(Slices slices, boolean reduces, boolean gathers) {
    checkRunning();
    long number = operations.begin(slices, reduces, gathers);
    startHead();
    return number;
  }

  /** Frames of the oldest operation are taken from now on. */
  private void startHead() {
    if (!isUnderWay && !operations.isEmpty()) {
      isUnderWay = true;
      Operation head = operations.head();
      sum.begin(head, rank);
      for (int i = 0; i < inbounds.size(); i++) {
        inbounds.get(i).begin(head, rank);
        outbounds.get(i).begin(head, rank);
      }
    }
  }

  private int advance() {
    if (!isUnderWay) {
      return 0;
    }
    int work = sum.sumPieces(PIECES_PER_POLL);
    boolean isDone = sum.isDone();
    for (int i = 0; i < inbounds.size(); i++) {
      work += send(outbounds.get(i), inbounds.get(i));
      isDone &= inbounds.get(i).isDone() && outbounds.get(i).isDone();
    }
    if (isDone) {
      operations.complete();
      isUnderWay = false;
      startHead();
      work++;
    }
    return work;
  }

  private int send(Outbound outbound, Inbound inbound) {
    int sent = 0;
    while (inbound.knowsUs() && sent < SENDS_PER_POLL && outbound.send(sum.summedTo())) {
      sent++;
    }
    return sent;
  }

  private Action onFrame(DirectBuffer buffer, int at, int length, Header header) {
    int from = indexOf(header.sessionId());
    if (from < 0) {
      meet(buffer, at, length, header);
      return Action.CONTINUE;
    }
    Inbound inbound = inbounds.get(from);
    watch.heard(inbound.peer(), nowNs);
    int kind = Frame.kind(buffer, at, length);
    switch (kind) {
      case Frame.HELLO -> inbound.flags(Frame.flags(buffer, at));
      case Frame.END -> endAsTold(Frame.reason(buffer, at, length));
      case Frame.PART, Frame.VALUES -> {
        return take(inbound, kind, buffer, at, length);
      }
      default -> endUnexpected(inbound);
    }
    return Action.CONTINUE;
  }

  private Action take(Inbound inbound, int kind, DirectBuffer buffer, int at, int length) {
    if (!isUnderWay) {
      return Action.ABORT;
    }
    return switch (inbound.take(kind, buffer, at, length, sum)) {
      case TAKEN -> Action.CONTINUE;
      case LATER -> Action.ABORT;
      case UNEXPECTED -> {
        endUnexpected(inbound);
        yield Action.ABORT;
      }
    };
  }

  /** The first frame of a stream, or one of a stream that was refused. */
  private void meet(DirectBuffer buffer, int at, int length, Header header) {
    boolean isHello =
        (header.flags() & FrameDescriptor.UNFRAGMENTED) == FrameDescriptor.UNFRAGMENTED
            && length == Frame.HELLO_BYTES
            && Frame.kind(buffer, at, length) == Frame.HELLO;
    if (!isHello) {
      refusals.refuse(header, "expected a hello");
      return;
    }
    Identity other = Frame.identity(buffer, at);
    int index = indexOfPeer(Frame.index(buffer, at));
    switch (credentials.standingOf(other)) {
      case STRANGER -> refusals.refuse(header, "another group, or another secret");
      case OLDER_GENERATION -> refusals.refuse(header, "the generation is over");
      case NEWER_GENERATION ->
          end("%s is over: generation %d has begun".formatted(group, other.generation()));
      case OTHER_LAYOUT ->
          end(group + ": another rank has other numbers of ranks, leaves or floats");
      case MEMBER -> {
        if (index < 0 || inbounds.get(index).isAdmitted()) {
          refusals.refuse(header, "this rank is here already, or is none");
        } else if (Frame.pieceFloats(buffer, at) != pieceFloats) {
          end(group + ": another rank has another mtu; give all ranks the same");
        } else {
          inbounds.get(index).admit((Image) header.context());
          inbounds.get(index).flags(Frame.flags(buffer, at));
          watch.heard(inbounds.get(index).peer(), nowNs);
          owesHello = true;
          nextKnockNs = nowNs;
        }
      }
    }
  }

  private int indexOf(int sessionId) {
    for (int i = 0; i < inbounds.size(); i++) {
      if (inbounds.get(i).isFrom(sessionId)) {
        return i;
      }
    }
    return -1;
  }

  private int indexOfPeer(int peer) {
    for (int i = 0; i < inbounds.size(); i++) {
      if (inbounds.get(i).peer() == peer) {
        return i;
      }
    }
    return -1;
  }

  private boolean isKnownToAll() {
    for (int i = 0; i < inbounds.size(); i++) {
      if (!inbounds.get(i).knowsUs()) {
        return false;
      }
    }
    return true;
  }

  /** Whether all were reached. */
  private boolean sayHello(int flags) {
    boolean hasReachedAll = true;
    for (int i = 0; i < outbounds.size(); i++) {
      int known = inbounds.get(i).isAdmitted() ? Frame.KNOWN : 0;
      hasReachedAll &= outbounds.get(i).sendHello(identity, rank, flags | known);
    }
    return hasReachedAll;
  }

  /** Ends the group where a rank is lost. */
  private void look() {
    for (int i = 0; i < inbounds.size(); i++) {
      Inbound inbound = inbounds.get(i);
      boolean isNeeded = isUnderWay && !(inbound.isDone() && outbounds.get(i).isDone());
      if (inbound.hasLeft() || outbounds.get(i).isBroken()) {
        if (isNeeded) {
          end(
              "%s: rank %d left while rank %d still needs it"
                  .formatted(group, inbound.peer(), rank));
        }
      } else if (watch.isLost(inbound.peer(), nowNs)) {
        end(group + ": " + watch.lossOf(inbound.peer(), nowNs));
      }
    }
  }

  private void endUnexpected(Inbound inbound) {
    end(
        "%s: rank %d sent rank %d a frame that operation %d does not have; do all ranks begin the"
                .formatted(group, inbound.peer(), rank, operations.completed() + 1)
            + " same operations?");
  }

  private void endAsTold(String reason) {
    if (end(reason)) {
      hasToldOthers = true; // who ended it told them
    }
  }

  private boolean end(String reason) {
    return ending.compareAndSet("", reason);
  }

  private void checkRunning() {
    if (isClosed) {
      throw new EngineException(ErrorCode.RESOURCE, "%s: rank %d has left".formatted(group, rank));
    }
    String reason = ending.get();
    if (!reason.isEmpty()) {
      tellOthers();
      throw new EngineException(ErrorCode.RESOURCE, reason);
    }
  }

  private void tellOthers() {
    if (!hasToldOthers) {
      hasToldOthers = true;
      byte[] text = ending.get().getBytes(StandardCharsets.UTF_8);
      byte[] reason = text.length <= REASON_BYTES ? text : Arrays.copyOf(text, REASON_BYTES);
      for (Outbound outbound : outbounds) {
        for (int i = 0; i < LAST_ROUNDS && !outbound.sendEnd(rank, reason); i++) {
          client.invoke();
        }
      }
      giveAeronTime();
    }
  }

  /** Stays until the others need nothing of this rank any more. */
  private void leave() {
    long begunNs = System.nanoTime();
    while (isAwaited() && System.nanoTime() - begunNs < LEAVING_NS) {
      sayHello(Frame.DONE);
      client.invoke();
      listener.subscription().controlledPoll(door, FRAMES_PER_POLL);
      LockSupport.parkNanos(REST_NS);
    }
    sayHello(Frame.DONE);
    giveAeronTime();
  }

  private boolean isAwaited() {
    boolean isAwaited = false;
    for (Inbound inbound : inbounds) {
      isAwaited |= inbound.isAdmitted() && !inbound.hasLeft() && !inbound.isDoneWithUs();
    }
    return isAwaited && ending.get().isEmpty();
  }

  private void giveAeronTime() {
    for (int i = 0; i < LAST_ROUNDS; i++) {
      client.invoke();
    }
  }
}
