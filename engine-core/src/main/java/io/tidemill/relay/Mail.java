package io.tidemill.relay;

import io.tidemill.codec.ByteReader;

/** What the processes of a group say to each other beside elements; on the thread of the relay. */
public interface Mail {
  /** Sends what there is to say; work done. */
  int write(Post post);

  /** A letter has come; valid until this returns. */
  void take(int from, ByteReader letter);
}
