package io.tidemill.train;

/**
 * A word of the memory of a gang that another host is told of whenever it has changed; confined to
 * the thread of the mirror.
 */
final class News {
  private final Transfers transfers;
  private final long at;
  private final Message message;
  private long told;

  /** What the host is sent. */
  @FunctionalInterface
  private interface Message {
    /** False where there was no room. */
    boolean send(Outgoing to, long word);
  }

  private News(Transfers transfers, long at, Message message) {
    this.transfers = transfers;
    this.at = at;
    this.message = message;
  }

  /** The word itself. */
  static News changed(Transfers transfers, long at) {
    return new News(transfers, at, (to, word) -> to.sendWord(at, word));
  }

  /** That a process works a rank; its number would mean another one elsewhere. */
  static News joined(Transfers transfers, int rank) {
    long pid = transfers.gang().memoryLayout().pid(rank);
    return new News(transfers, pid, (to, _) -> to.sendWord(pid, Roster.ELSEWHERE));
  }

  /** Why a rank cannot go on; the text before its length. */
  static News failed(Transfers transfers, int rank) {
    long text = transfers.gang().memoryLayout().failure(rank);
    long length = transfers.gang().memoryLayout().failed(rank);
    return new News(
        transfers,
        length,
        (to, bytes) -> sendText(to, transfers, text, bytes) && to.sendWord(length, bytes));
  }

  /** Sends it where it is new; false where there was no room. */
  boolean send(Outgoing to) {
    long word = transfers.get(at);
    if (word == told) {
      return true;
    }
    if (!message.send(to, word)) {
      return false;
    }
    told = word;
    return true;
  }

  /** From the beginning again when there was no room: the bytes are the same. */
  private static boolean sendText(Outgoing to, Transfers transfers, long text, long bytes) {
    for (long at = text; at < text + bytes; at += to.mostPayload()) {
      int some = (int) Math.min(to.mostPayload(), text + bytes - at);
      long frame = to.claim(MirrorFrame.BYTES, at, some);
      if (frame == 0) {
        return false;
      }
      to.send(frame, transfers.memory(), at, some);
    }
    return true;
  }
}
