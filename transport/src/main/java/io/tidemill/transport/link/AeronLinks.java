package io.tidemill.transport.link;

import io.aeron.ExclusivePublication;
import io.aeron.logbuffer.BufferClaim;
import io.aeron.logbuffer.FragmentHandler;
import io.aeron.logbuffer.Header;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.link.PeerLinks;
import io.tidemill.link.PeerNetwork.Group;
import io.tidemill.transport.aeron.AeronClient;
import io.tidemill.transport.aeron.Credentials;
import io.tidemill.transport.aeron.Identity;
import io.tidemill.transport.aeron.Identity.Standing;
import io.tidemill.transport.aeron.Listener;
import io.tidemill.transport.aeron.Refusals;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.agrona.DirectBuffer;

/**
 * The ways between peers over Aeron UDP: a stream in each direction between any two, which Aeron
 * keeps in order and whole.
 *
 * <p>The leading peer is told to the others; it tells them where they find each other. A stream
 * that does not begin with a hello of the group, this generation and its secret is refused and
 * counted: that keeps out mistakes and strangers, not those who read the network.
 */
final class AeronLinks implements PeerLinks {
  /** Of each channel: a peer has a port for each group. */
  static final int STREAM = 1;

  private static final int FRAMES_PER_POLL = 64;

  /** The driver sends one datagram a round to each peer. */
  private static final int ROUNDS_PER_POLL = 16;

  /** Between two knocks at the doors of those who do not know this process yet. */
  private static final long KNOCK_NS = 5_000_000;

  /** Rounds in which Aeron is given the chance to send our last words. */
  private static final int LAST_ROUNDS = 200;

  private final Group group;
  private final Credentials credentials;
  private final Identity identity;
  private final int self;
  private final AeronClient client;
  private final Listener listener;
  private final byte[] ownAddress;
  private final byte[] agreement;
  private final List<Peer> peers = new ArrayList<>();
  private final Refusals refusals = new Refusals();
  private final BufferClaim claim = new BufferClaim();
  private final FragmentHandler door = this::onFrame;

  /** Who takes frames; while polling. */
  private Receiver receiver = (_, _, _) -> {};

  private long nextKnockNs = System.nanoTime();
  private boolean owesHello = true;
  private boolean isClosed;

  /** {@code listener}, and its client, are closed with the links. */
  AeronLinks(Group group, int self, Listener listener) {
    this.group = group;
    this.credentials =
        new Credentials(group.name(), group.generation(), group.secret(), group.agreement());
    this.identity = credentials.identity();
    this.self = self;
    this.client = listener.client();
    this.listener = listener;
    this.ownAddress = address().getBytes(StandardCharsets.US_ASCII);
    this.agreement = group.agreement().getBytes(StandardCharsets.UTF_8);
    for (int other = 0; other < group.peers(); other++) {
      peers.add(new Peer(other));
    }
  }

  /** Says where another peer listens. */
  void reach(int other, String channel) {
    peers.get(other).reach(client, channel);
  }

  @Override
  public int peers() {
    return group.peers();
  }

  @Override
  public int self() {
    return self;
  }

  @Override
  public String address() {
    return listener.address().channel();
  }

  @Override
  public int mostBytes() {
    return client.settings().payloadBytes();
  }

  @Override
  public long claim(int to, int bytes) {
    Peer peer = peers.get(to);
    boolean isClaimed = peer.knowsUs() && claim(peer, bytes);
    return isClaimed ? claim.buffer().addressOffset() + claim.offset() : 0;
  }

  @Override
  public void commit() {
    claim.commit();
  }

  @Override
  public int poll(Receiver taker) {
    receiver = taker;
    int work = 0;
    int done;
    int rounds = 0;
    do {
      done = client.invoke() + listener.subscription().poll(door, FRAMES_PER_POLL);
      work += done;
      rounds++;
    } while (done > 0 && rounds < ROUNDS_PER_POLL);
    if (owesHello && System.nanoTime() - nextKnockNs >= 0) {
      nextKnockNs = System.nanoTime() + KNOCK_NS;
      owesHello = !introduce();
    }
    return work;
  }

  @Override
  public long refused() {
    return refusals.count();
  }

  @Override
  public void close() {
    if (!isClosed) {
      isClosed = true;
      for (int i = 0; i < LAST_ROUNDS; i++) {
        client.invoke();
      }
      peers.forEach(Peer::close);
      listener.close();
      client.close();
    }
  }

  /** Whether this process and all others know each other. */
  private boolean introduce() {
    boolean isDone = true;
    for (Peer peer : peers) {
      if (peer.number() != self) {
        boolean isSent = sayHello(peer) && (self != 0 || tellPeers(peer));
        isDone &= isSent && peer.isAdmitted() && peer.knowsUs();
      }
    }
    return isDone;
  }

  private boolean sayHello(Peer to) {
    int flags = to.isAdmitted() ? LinkFrame.KNOWN : 0;
    if (!claim(to, LinkFrame.helloBytes(ownAddress, agreement))) {
      return false;
    }
    LinkFrame.putHello(
        claim.buffer(), claim.offset(), identity, self, flags, ownAddress, agreement);
    claim.commit();
    return true;
  }

  /** Tells a peer where it finds the others; whether all of them are known. */
  private boolean tellPeers(Peer to) {
    boolean areKnown = true;
    for (Peer peer : peers) {
      if (peer.number() == self || peer.number() == to.number()) {
        continue;
      }
      byte[] address = peer.address();
      areKnown &= address.length > 0;
      if (address.length > 0 && claim(to, LinkFrame.peerBytes(address))) {
        LinkFrame.putPeer(claim.buffer(), claim.offset(), peer.number(), address);
        claim.commit();
      }
    }
    return areKnown;
  }

  private boolean claim(Peer to, int bytes) {
    return to.publication().isPresent() && claim(to.publication().get(), bytes);
  }

  private boolean claim(ExclusivePublication publication, int bytes) {
    return publication.tryClaim(bytes, claim) > 0;
  }

  private void onFrame(DirectBuffer buffer, int at, int length, Header header) {
    Peer from = peerOf(header.sessionId());
    if (from == null) {
      meet(buffer, at, length, header);
      return;
    }
    switch (LinkFrame.kind(buffer, at, length)) {
      case LinkFrame.HELLO -> hear(from, buffer, at, length);
      case LinkFrame.PEER -> {
        int other = LinkFrame.peer(buffer, at);
        if (other > 0 && other < peers.size() && other != self) {
          reach(other, LinkFrame.peerAddress(buffer, at, length));
          owesHello = true;
        }
      }
      default -> receiver.frame(from.number(), buffer.addressOffset() + at, length);
    }
  }

  /** The first frame of a stream, or one of a stream that was refused. */
  private void meet(DirectBuffer buffer, int at, int length, Header header) {
    if (!LinkFrame.isHello(buffer, at, length)) {
      refusals.refuse(header, "expected a hello");
      return;
    }
    int other = LinkFrame.peer(buffer, at);
    Standing standing = credentials.standingOf(LinkFrame.identity(buffer, at));
    boolean isNew = other >= 0 && other < peers.size() && other != self;
    if (standing == Standing.MEMBER && isNew && !peers.get(other).isAdmitted()) {
      peers.get(other).admit(header.sessionId());
      hear(peers.get(other), buffer, at, length);
    } else if (standing == Standing.OTHER_LAYOUT) {
      throw differs(other, LinkFrame.agreement(buffer, at, length));
    } else {
      refusals.refuse(
          header,
          standing == Standing.MEMBER ? "this process is here already" : standing.toString());
    }
  }

  private EngineException differs(int other, String theirs) {
    List<String> found = theirs.lines().toList();
    String expected =
        group.agreement().lines().filter(line -> !found.contains(line)).findFirst().orElse("");
    String name = expected.replaceFirst("=.*", "=");
    return new EngineException(
        ErrorCode.INVALID_ARGUMENT,
        "%s: process %d differs from process %d: expected %s, found %s; give all processes the same jars and data, and the same kind of CPU"
            .formatted(
                group,
                other,
                self,
                expected,
                found.stream()
                    .filter(line -> line.startsWith(name))
                    .findFirst()
                    .orElse("nothing")));
  }

  private void hear(Peer from, DirectBuffer buffer, int at, int length) {
    from.reach(client, LinkFrame.helloAddress(buffer, at, length));
    boolean knewUs = from.knowsUs();
    from.knowsUs(LinkFrame.isKnown(buffer, at));
    if (!knewUs) {
      owesHello = true; // one that says that it is known now
      nextKnockNs = System.nanoTime();
    }
  }

  private Peer peerOf(int session) {
    for (int i = 0; i < peers.size(); i++) {
      if (peers.get(i).isFrom(session)) {
        return peers.get(i);
      }
    }
    return null;
  }
}
