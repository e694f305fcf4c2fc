package io.tidemill.train;

/**
 * Something of the memory of a gang that another host is told whenever it has changed; confined to
 * the thread of the mirror.
 */
interface News {
  /** Sends it where it is new; false where there was no room. */
  boolean send(Outgoing to);

  /** A word. */
  final class Changed implements News {
    private final Transfers transfers;
    private final long at;
    private long sent;

    Changed(Transfers transfers, long at) {
      this.transfers = transfers;
      this.at = at;
    }

    @Override
    public boolean send(Outgoing to) {
      long word = transfers.get(at);
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
  final class Joined implements News {
    private final Transfers transfers;
    private final long pid;
    private boolean isSent;

    Joined(Transfers transfers, int rank) {
      this.transfers = transfers;
      this.pid = transfers.gang().memoryLayout().pid(rank);
    }

    @Override
    public boolean send(Outgoing to) {
      if (!isSent && transfers.get(pid) != 0) {
        isSent = to.sendWord(pid, Roster.ELSEWHERE);
        return isSent;
      }
      return true;
    }
  }

  /** Why a rank cannot go on; the text before its length. */
  final class Failed implements News {
    private final Transfers transfers;
    private final long text;
    private final long length;
    private boolean isSent;

    Failed(Transfers transfers, int rank) {
      this.transfers = transfers;
      this.text = transfers.gang().memoryLayout().failure(rank);
      this.length = transfers.gang().memoryLayout().failed(rank);
    }

    @Override
    public boolean send(Outgoing to) {
      long bytes = transfers.get(length);
      if (bytes == 0 || isSent) {
        return true;
      }
      for (long at = text; at < text + bytes; at += to.mostPayload()) {
        int some = (int) Math.min(to.mostPayload(), text + bytes - at);
        long frame = to.claim(MirrorFrame.BYTES, at, some);
        if (frame == 0) {
          return false; // and from the beginning when there is room: the bytes are the same
        }
        to.send(frame, transfers.memory(), at, some);
      }
      isSent = to.sendWord(length, bytes);
      return isSent;
    }
  }
}
