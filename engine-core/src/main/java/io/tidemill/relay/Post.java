package io.tidemill.relay;

/** Carries letters of any length, whole and in order. Confined to the thread of its relay. */
public interface Post {
  /** Sends a letter, behind those that were sent before; the bytes stay as they are. */
  void send(int peer, byte[] letter);

  /** Whether letters wait that there was no room for yet. */
  boolean isBehind(int peer);
}
