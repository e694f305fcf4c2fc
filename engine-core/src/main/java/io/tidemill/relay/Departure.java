package io.tidemill.relay;

import io.tidemill.channel.Channel;
import io.tidemill.channel.Element;
import io.tidemill.channel.OrderKey;
import io.tidemill.codec.ByteWriter;
import io.tidemill.link.PeerLinks;

/**
 * The sending side of a channel between two processes: takes elements out of this process's end as
 * far as the other has asked for them.
 *
 * <p>The frontier needs no asking for: it is sent behind what was taken when the channel is found
 * empty. Confined to the thread of its relay.
 */
final class Departure {
  private static final int FRAMES_PER_TURN = 8;

  private final RemoteChannel remote;
  private final Channel channel;
  private final Pieces pieces;
  private final ByteWriter out = new ByteWriter();
  private long credit;
  private long taken;
  private OrderKey told = OrderKey.MIN;

  /** Of the bytes in {@code out}, those from here on did not fit into the frame before. */
  private int rest;

  Departure(RemoteChannel remote, PeerLinks links) {
    this.remote = remote;
    this.channel = remote.channel();
    this.credit = channel.capacity();
    this.pieces =
        new Pieces(
            links, remote.peer(), remote.number(), RelayFrame.ELEMENTS, RelayFrame.ELEMENTS_PIECE);
  }

  /** So many elements have been asked for since the beginning. */
  void credit(long elements) {
    credit = Math.max(credit, elements);
  }

  /** Sends what there is, was asked for, and has room; frames. */
  int send() {
    int frames = 0;
    while (frames < FRAMES_PER_TURN && (!pieces.isSent() || fill())) {
      if (!pieces.send()) {
        break;
      }
      frames++;
    }
    return frames;
  }

  /** Puts elements together for the next frame; false where there is nothing to send. */
  private boolean fill() {
    byte[] bytes = out.array();
    int left = out.size() - rest;
    out.clear();
    out.writeBytes(bytes, rest, left);
    // Before the channel is found empty: what was offered after it is not before it.
    OrderKey frontier = channel.frontier();
    int whole = takeElements();
    if (channel.size() == 0 && frontier.compareTo(told) > 0) {
      whole = out.size() <= pieces.mostBytes() ? out.size() : whole;
      told = frontier;
      Elements.writeFrontier(frontier, out);
    }
    boolean isFull = out.size() > pieces.mostBytes() && whole > 0;
    rest = isFull ? whole : out.size();
    pieces.begin(out.array(), 0, rest);
    return rest > 0;
  }

  /** Takes elements until a frame is full; how many bytes there are before the last one. */
  private int takeElements() {
    int whole = 0;
    while (taken < credit && out.size() <= pieces.mostBytes()) {
      Element element = channel.poll();
      if (element == null) {
        break;
      }
      whole = out.size();
      Elements.write(element, remote.codec(), out);
      taken++;
    }
    return whole;
  }
}
