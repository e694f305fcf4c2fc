package io.tidemill.relay;

import io.tidemill.channel.Channel;
import io.tidemill.codec.ByteReader;
import io.tidemill.link.PeerLinks;

/**
 * The receiving side of a channel between two processes: puts what comes into this process's end,
 * and asks for more when room has been made.
 *
 * <p>What was asked for has room, so nothing ever waits here. Confined to the thread of its relay.
 */
final class Arrival {
  /** Room is told of when it is one part in so many of the channel: a frame for many elements. */
  private static final int PARTS = 4;

  private final RemoteChannel remote;
  private final Channel channel;
  private final PeerLinks links;
  private final Assembly assembly = new Assembly();
  private long granted;

  Arrival(RemoteChannel remote, PeerLinks links) {
    this.remote = remote;
    this.channel = remote.channel();
    this.links = links;
    this.granted = channel.capacity();
  }

  void take(long frame, int bytes, boolean isWhole) {
    assembly.add(frame, bytes);
    if (isWhole) {
      ByteReader in = assembly.take();
      while (in.remaining() > 0) {
        Elements.read(in, remote.codec(), channel);
      }
    }
  }

  /** Tells the sender of room; frames. */
  int grant() {
    long most = channel.taken() + channel.capacity();
    if (most - granted < channel.capacity() / PARTS) {
      return 0;
    }
    long frame = links.claim(remote.peer(), RelayFrame.HEADER + Long.BYTES);
    if (frame == 0) {
      return 0;
    }
    RelayFrame.put(frame, RelayFrame.CREDIT, remote.number(), Long.BYTES);
    RelayFrame.put(frame, most);
    links.commit();
    granted = most;
    return 1;
  }
}
