package io.tidemill.transport.collective;

import io.aeron.logbuffer.ControlledFragmentHandler;
import io.aeron.logbuffer.ControlledFragmentHandler.Action;
import io.aeron.logbuffer.Header;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.transport.aeron.Address;
import io.tidemill.transport.aeron.AeronClient;
import io.tidemill.transport.aeron.Listener;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
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
  private static final int PIECES_PER_POLL = 8;
  private static final long LEAVING_NS = 2_000_000_000;
  private static final long REST_NS = 50_000;
  private static final int REASON_BYTES = 512;

  private final Group group;
  private final int rank;
  private final AeronClient client;
  private final Listener listener;
  private final OperationQueue operations;
  private final int pieceFloats;
  private final Arena arena = Arena.ofShared();
  private final List<MemorySegment> contributions = new ArrayList<>();
  private final MemorySegment values;
  private final Peers peers;
  private final SliceSum sum;
  private final ControlledFragmentHandler door = this::onFrame;

  /** Why the group has ended; empty while it has not. */
  private final AtomicReference<String> ending = new AtomicReference<>("");

  private long nowNs;
  private boolean isUnderWay;
  private boolean hasToldOthers;
  private boolean isClosed;

  private AeronCollective(
      Group group, int rank, Listener listener, List<Address> addresses, Patience patience) {
    this.group = group;
    this.rank = rank;
    this.client = listener.client();
    this.listener = listener;
    operations = new OperationQueue(group);
    int payloadFloats = (client.settings().payloadBytes() - Frame.DATA_HEADER_BYTES) / Float.BYTES;
    pieceFloats = payloadFloats / Slices.ALIGNMENT * Slices.ALIGNMENT;
    values = arena.allocate(group.floats() * Float.BYTES, 64);
    for (int leaf = group.firstLeaf(rank); leaf < group.firstLeaf(rank + 1); leaf++) {
      contributions.add(arena.allocate(group.summedFloats() * Float.BYTES, 64));
    }
    LeafTree tree = LeafTree.over(0, group.leaves());
    StagedTerms terms = new StagedTerms(leaf -> contribution(leaf.from()).address());
    List<SumTree> parts = run(tree, rank).stream().map(terms::of).map(SumTree::new).toList();
    List<Inbound> inbounds = new ArrayList<>();
    List<Outbound> outbounds = new ArrayList<>();
    for (int peer = 0; peer < group.ranks(); peer++) {
      if (peer != rank) {
        inbounds.add(inbound(peer, terms.stage(run(tree, peer))));
        outbounds.add(
            new Outbound(
                peer, client.publish(addresses.get(peer)), parts, values.address(), pieceFloats));
      }
    }
    peers = new Peers(group, rank, pieceFloats, patience, inbounds, outbounds);
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
    boolean isDue = peers.isDue(now);
    int work = client.invoke() + listener.subscription().controlledPoll(door, FRAMES_PER_POLL);
    peers.knock(isDue, now);
    work += advance();
    if (isDue) {
      endWhere(peers.loss(isUnderWay, now));
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
    return peers.refused();
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
      peers.close();
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
      peers.begin(head);
    }
  }

  private int advance() {
    if (!isUnderWay) {
      return 0;
    }
    int work = sum.sumPieces(PIECES_PER_POLL) + peers.send(sum.summedTo());
    if (sum.isDone() && peers.areDone()) {
      operations.complete();
      isUnderWay = false;
      startHead();
      work++;
    }
    return work;
  }

  private Action onFrame(DirectBuffer buffer, int at, int length, Header header) {
    int from = peers.indexOf(header.sessionId());
    if (from < 0) {
      endWhere(peers.meet(buffer, at, length, header, nowNs));
      return Action.CONTINUE;
    }
    Inbound inbound = peers.heard(from, nowNs);
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

  private void endWhere(Optional<String> reason) {
    if (reason.isPresent()) {
      end(reason.get());
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
      peers.sayEnd(reason, client);
    }
  }

  /** Stays until the others need nothing of this rank any more. */
  private void leave() {
    long begunNs = System.nanoTime();
    while (peers.needUs() && ending.get().isEmpty() && System.nanoTime() - begunNs < LEAVING_NS) {
      peers.sayHello(Frame.DONE);
      client.invoke();
      listener.subscription().controlledPoll(door, FRAMES_PER_POLL);
      LockSupport.parkNanos(REST_NS);
    }
    peers.sayHello(Frame.DONE);
    Peers.giveTime(client);
  }
}
