package io.tidemill.transport.collective;

import io.aeron.Image;
import io.aeron.logbuffer.FrameDescriptor;
import io.aeron.logbuffer.Header;
import io.tidemill.transport.aeron.AeronClient;
import io.tidemill.transport.aeron.Credentials;
import io.tidemill.transport.aeron.Identity;
import io.tidemill.transport.aeron.Refusals;
import java.util.List;
import java.util.Optional;
import org.agrona.DirectBuffer;

/**
 * The other ranks of a group, as one of them knows them: who has come, who knows us, who is lost.
 *
 * <p>Each knocks with a hello at the doors of the others until all know it, and then with every
 * sign of life. Confined to the thread of its collective.
 */
final class Peers {
  private static final int SENDS_PER_POLL = 4;

  /** Between two knocks at the doors of those who do not know us yet. */
  private static final long KNOCK_NS = 5_000_000;

  /** Rounds in which Aeron is given the chance to send our last words. */
  private static final int LAST_ROUNDS = 100;

  private final Group group;
  private final Credentials credentials;
  private final Identity identity;
  private final int rank;
  private final int pieceFloats;
  private final PeerWatch watch;
  private final Refusals refusals = new Refusals();

  /** Of each other rank, in the same order: what it sends, and what is sent to it. */
  private final List<Inbound> inbounds;

  private final List<Outbound> outbounds;
  private long nextKnockNs;

  /** Whether somebody has come and was not told yet that we know it. */
  private boolean owesHello;

  Peers(
      Group group,
      int rank,
      int pieceFloats,
      Patience patience,
      List<Inbound> inbounds,
      List<Outbound> outbounds) {
    this.group = group;
    this.credentials = group.credentials();
    this.identity = credentials.identity();
    this.rank = rank;
    this.pieceFloats = pieceFloats;
    this.watch = new PeerWatch(group.ranks(), rank, patience);
    this.inbounds = inbounds;
    this.outbounds = outbounds;
  }

  /** Which of them a stream was admitted as; -1 where it was not. */
  int indexOf(int sessionId) {
    for (int i = 0; i < inbounds.size(); i++) {
      if (inbounds.get(i).isFrom(sessionId)) {
        return i;
      }
    }
    return -1;
  }

  /** A frame of one of them has come, which {@link #indexOf} has named. */
  Inbound heard(int index, long nowNs) {
    Inbound inbound = inbounds.get(index);
    watch.heard(inbound.peer(), nowNs);
    return inbound;
  }

  /**
   * The first frame of a stream, or one of a stream that was refused.
   *
   * @return why the group has come to its end, where that is what the frame says
   */
  Optional<String> meet(DirectBuffer buffer, int at, int length, Header header, long nowNs) {
    boolean isHello =
        (header.flags() & FrameDescriptor.UNFRAGMENTED) == FrameDescriptor.UNFRAGMENTED
            && length == Frame.HELLO_BYTES
            && Frame.kind(buffer, at, length) == Frame.HELLO;
    if (!isHello) {
      refusals.refuse(header, "expected a hello");
      return Optional.empty();
    }
    Identity other = Frame.identity(buffer, at);
    return switch (credentials.standingOf(other)) {
      case STRANGER -> {
        refusals.refuse(header, "another group, or another secret");
        yield Optional.empty();
      }
      case OLDER_GENERATION -> {
        refusals.refuse(header, "the generation is over");
        yield Optional.empty();
      }
      case NEWER_GENERATION ->
          Optional.of("%s is over: generation %d has begun".formatted(group, other.generation()));
      case OTHER_LAYOUT ->
          Optional.of(group + ": another rank has other numbers of ranks, leaves or floats");
      case MEMBER -> admit(buffer, at, header, nowNs);
    };
  }

  /** Streams that were not admitted. */
  long refused() {
    return refusals.count();
  }

  /** Whether it is time for a sign of life, and for {@link #loss}; to be asked at each poll. */
  boolean isDue(long nowNs) {
    return watch.isDue(nowNs);
  }

  /** Says hello where that is due, or where somebody and we do not know each other yet. */
  void knock(boolean isDue, long nowNs) {
    if (isDue || (nowNs - nextKnockNs >= 0 && (owesHello || !isKnownToAll()))) {
      nextKnockNs = nowNs + KNOCK_NS;
      owesHello = !sayHello(0);
    }
  }

  void begin(Operation operation) {
    for (int i = 0; i < inbounds.size(); i++) {
      inbounds.get(i).begin(operation, rank);
      outbounds.get(i).begin(operation, rank);
    }
  }

  /** Sends what there is to send, and room for; frames. */
  int send(long summedTo) {
    int sent = 0;
    for (int i = 0; i < inbounds.size(); i++) {
      if (inbounds.get(i).knowsUs()) {
        sent += send(outbounds.get(i), summedTo);
      }
    }
    return sent;
  }

  /** Whether nothing of the operation is left to be sent to them, or by them. */
  boolean areDone() {
    for (int i = 0; i < inbounds.size(); i++) {
      if (isNeeded(i)) {
        return false;
      }
    }
    return true;
  }

  /** Why the group ends, where a rank is lost. */
  Optional<String> loss(boolean isUnderWay, long nowNs) {
    for (int i = 0; i < inbounds.size(); i++) {
      int peer = inbounds.get(i).peer();
      if (inbounds.get(i).hasLeft() || outbounds.get(i).isBroken()) {
        if (isUnderWay && isNeeded(i)) {
          return Optional.of(
              "%s: rank %d left while rank %d still needs it".formatted(group, peer, rank));
        }
      } else if (watch.isLost(peer, nowNs)) {
        return Optional.of(group + ": " + watch.lossOf(peer, nowNs));
      }
    }
    return Optional.empty();
  }

  /** Whether one that is here still needs something of this rank. */
  boolean needUs() {
    for (Inbound inbound : inbounds) {
      if (inbound.isAdmitted() && !inbound.hasLeft() && !inbound.isDoneWithUs()) {
        return true;
      }
    }
    return false;
  }

  /** Whether all were reached. */
  boolean sayHello(int flags) {
    boolean hasReachedAll = true;
    for (int i = 0; i < outbounds.size(); i++) {
      int known = inbounds.get(i).isAdmitted() ? Frame.KNOWN : 0;
      hasReachedAll &= outbounds.get(i).sendHello(identity, rank, flags | known);
    }
    return hasReachedAll;
  }

  /** Tells them why the group has ended, as far as they can still be reached. */
  void sayEnd(byte[] reason, AeronClient client) {
    for (Outbound outbound : outbounds) {
      for (int i = 0; i < LAST_ROUNDS && !outbound.sendEnd(rank, reason); i++) {
        client.invoke();
      }
    }
    giveTime(client);
  }

  /** Has what was said last go out. */
  static void giveTime(AeronClient client) {
    for (int i = 0; i < LAST_ROUNDS; i++) {
      client.invoke();
    }
  }

  void close() {
    outbounds.forEach(Outbound::close);
  }

  private Optional<String> admit(DirectBuffer buffer, int at, Header header, long nowNs) {
    int index = indexOfPeer(Frame.index(buffer, at));
    if (index < 0 || inbounds.get(index).isAdmitted()) {
      refusals.refuse(header, "this rank is here already, or is none");
    } else if (Frame.pieceFloats(buffer, at) != pieceFloats) {
      return Optional.of(group + ": another rank has another mtu; give all ranks the same");
    } else {
      inbounds.get(index).admit((Image) header.context());
      heard(index, nowNs).flags(Frame.flags(buffer, at));
      owesHello = true;
      nextKnockNs = nowNs;
    }
    return Optional.empty();
  }

  private static int send(Outbound outbound, long summedTo) {
    int sent = 0;
    while (sent < SENDS_PER_POLL && outbound.send(summedTo)) {
      sent++;
    }
    return sent;
  }

  private boolean isNeeded(int index) {
    return !inbounds.get(index).isDone() || !outbounds.get(index).isDone();
  }

  private boolean isKnownToAll() {
    for (int i = 0; i < inbounds.size(); i++) {
      if (!inbounds.get(i).knowsUs()) {
        return false;
      }
    }
    return true;
  }

  private int indexOfPeer(int peer) {
    for (int i = 0; i < inbounds.size(); i++) {
      if (inbounds.get(i).peer() == peer) {
        return i;
      }
    }
    return -1;
  }
}
