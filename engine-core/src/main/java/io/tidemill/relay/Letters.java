package io.tidemill.relay;

import io.tidemill.link.PeerLinks;
import java.util.ArrayDeque;
import java.util.Queue;

/** Letters to and from one peer. Confined to the thread of their relay. */
final class Letters {
  private static final int FRAMES_PER_TURN = 8;
  private static final int NO_CHANNEL = -1;

  private final Queue<byte[]> waiting = new ArrayDeque<>();
  private final Pieces pieces;
  final Assembly incoming = new Assembly();

  Letters(PeerLinks links, int peer) {
    this.pieces = new Pieces(links, peer, NO_CHANNEL, RelayFrame.LETTER, RelayFrame.LETTER_PIECE);
  }

  void add(byte[] letter) {
    waiting.add(letter);
  }

  boolean isBehind() {
    return !waiting.isEmpty() || !pieces.isSent();
  }

  /** Sends what there is room for; frames. */
  int send() {
    int frames = 0;
    while (frames < FRAMES_PER_TURN && isBehind()) {
      if (pieces.isSent()) {
        byte[] letter = waiting.remove();
        pieces.begin(letter, 0, letter.length);
      }
      if (!pieces.send()) {
        break;
      }
      frames++;
    }
    return frames;
  }
}
