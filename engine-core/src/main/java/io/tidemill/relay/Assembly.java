package io.tidemill.relay;

import io.tidemill.codec.ByteReader;
import java.util.Arrays;

/** Puts together what {@link Pieces} has cut; keeps its memory. Confined to one thread. */
final class Assembly {
  private final ByteReader reader = new ByteReader(new byte[0]);
  private byte[] bytes = new byte[1024];
  private int size;

  /** Adds the payload of a frame. */
  void add(long frame, int count) {
    int needed = Math.addExact(size, count);
    if (needed > bytes.length) {
      bytes = Arrays.copyOf(bytes, (int) Math.min(Integer.MAX_VALUE - 8, 2L * needed));
    }
    RelayFrame.get(frame, bytes, size, count);
    size = needed;
  }

  /** All that was added since this was called last; valid until more is added. */
  ByteReader take() {
    reader.wrap(bytes, 0, size);
    size = 0;
    return reader;
  }
}
