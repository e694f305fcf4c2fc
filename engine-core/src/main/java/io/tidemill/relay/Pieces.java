package io.tidemill.relay;

import io.tidemill.link.PeerLinks;

/**
 * Sends bytes to a peer in as many frames as they take, going on where there was no room. Confined
 * to the thread of its relay.
 */
final class Pieces {
  private final PeerLinks links;
  private final int peer;
  private final int channel;
  private final int whole;
  private final int piece;
  private byte[] bytes = {};
  private int from;
  private int to;

  /**
   * Of one kind.
   *
   * @param whole kind of a frame that ends what is sent
   * @param piece kind of one behind which more follows
   */
  Pieces(PeerLinks links, int peer, int channel, int whole, int piece) {
    this.links = links;
    this.peer = peer;
    this.channel = channel;
    this.whole = whole;
    this.piece = piece;
  }

  /** Most bytes that fit into one frame. */
  int mostBytes() {
    return links.mostBytes() - RelayFrame.HEADER;
  }

  /** Whether all was sent. */
  boolean isSent() {
    return from == to;
  }

  /** These are sent next, and stay as they are until then; all before was sent. */
  void begin(byte[] source, int fromByte, int toByte) {
    bytes = source;
    from = fromByte;
    to = toByte;
  }

  /** Sends a frame of what there is; false where there is no room. */
  boolean send() {
    int count = Math.min(mostBytes(), to - from);
    long frame = links.claim(peer, RelayFrame.HEADER + count);
    if (frame == 0) {
      return false;
    }
    RelayFrame.put(frame, from + count == to ? whole : piece, channel, count);
    RelayFrame.put(frame, bytes, from, count);
    links.commit();
    from += count;
    return true;
  }
}
