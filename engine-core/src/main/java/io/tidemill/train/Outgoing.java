package io.tidemill.train;

import io.tidemill.link.PeerLinks;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;

/**
 * What is on its way to one other host: transfers one after the other, each in as many frames as it
 * takes, whenever there is room for one.
 *
 * <p>Confined to the thread of its mirror.
 */
final class Outgoing {
  private static final long UNBEGUN = -1;

  private final PeerLinks links;
  private final int host;
  private final Queue<Order> orders = new ArrayDeque<>();
  private int next;
  private long cursor = UNBEGUN;

  /** Something that is sent. */
  @FunctionalInterface
  interface Transfer {
    /**
     * Sends what there is room for.
     *
     * @param step the step that it belongs to, from 0
     * @return whether nothing of it is left
     */
    boolean send(Outgoing to, long step);
  }

  private record Order(List<Transfer> transfers, long step) {}

  Outgoing(PeerLinks links, int host) {
    this.links = links;
    this.host = host;
  }

  int host() {
    return host;
  }

  /** Has transfers sent, in their order, behind all that was ordered before. */
  void order(List<Transfer> transfers, long step) {
    orders.add(new Order(transfers, step));
  }

  /** Whether all that was ordered was sent. */
  boolean isIdle() {
    return orders.isEmpty();
  }

  /** Sends what there is room for; transfers that were finished. */
  int send() {
    int finished = 0;
    while (!orders.isEmpty()) {
      Order order = orders.element();
      while (next < order.transfers.size()) {
        if (!order.transfers.get(next).send(this, order.step)) {
          return finished;
        }
        next++;
        cursor = UNBEGUN;
        finished++;
      }
      orders.remove();
      next = 0;
    }
    return finished;
  }

  /** Where the transfer that is under way goes on; {@code from} where it begins. */
  long cursor(long from) {
    return cursor == UNBEGUN ? from : cursor;
  }

  /** Keeps where it goes on, when there was no room. */
  boolean waitAt(long at) {
    cursor = at;
    return false;
  }

  int mostPayload() {
    return links.mostBytes() - MirrorFrame.HEADER;
  }

  /** Room for a frame, its header written; 0 where there is none. Then {@link #commit}. */
  long claim(int kind, long at, int bytes) {
    long frame = links.claim(host, MirrorFrame.HEADER + bytes);
    if (frame != 0) {
      MirrorFrame.put(frame, kind, bytes, at);
    }
    return frame;
  }

  /** Sends a frame that was claimed, with these bytes as its payload. */
  void send(long frame, MemorySegment memory, long at, int bytes) {
    MemorySegment.copy(memory, at, MirrorFrame.ALL, frame + MirrorFrame.HEADER, bytes);
    links.commit();
  }

  /** Sends a frame that was claimed, and filled. */
  void commit() {
    links.commit();
  }

  /** A frame without payload; false where there is no room. */
  boolean sendEmpty(int kind, long at) {
    if (claim(kind, at, 0) == 0) {
      return false;
    }
    commit();
    return true;
  }

  boolean sendWord(long at, long word) {
    long frame = claim(MirrorFrame.WORD, at, Long.BYTES);
    if (frame == 0) {
      return false;
    }
    MirrorFrame.word(frame, word);
    commit();
    return true;
  }

  /** Sends [from, to) of a memory to the same place in that of the host. */
  boolean sendBytes(MemorySegment memory, long from, long to) {
    long at = cursor(from);
    while (at < to) {
      int bytes = (int) Math.min(mostPayload(), to - at);
      long frame = claim(MirrorFrame.BYTES, at, bytes);
      if (frame == 0) {
        return waitAt(at);
      }
      send(frame, memory, at, bytes);
      at += bytes;
    }
    return true;
  }
}
