package io.tidemill.relay;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * What relays say to each other. Header in the byte order of the hosts, contents in that of {@link
 * io.tidemill.codec.ByteWriter}.
 *
 * <pre>
 *   0 kind (int) | 4 channel (int) | 8 bytes of the payload (int) | 12 nothing | 16 payload
 * </pre>
 */
final class RelayFrame {
  /** Elements of a channel, or the last piece of one that is larger than a frame. */
  static final int ELEMENTS = 0x54_52_01_01;

  /** A piece of an element, of which more follows. */
  static final int ELEMENTS_PIECE = 0x54_52_01_02;

  /** How many elements of the channel may be sent in all: one long. */
  static final int CREDIT = 0x54_52_01_03;

  /** A letter, or its last piece. */
  static final int LETTER = 0x54_52_01_04;

  /** A piece of a letter, of which more follows. */
  static final int LETTER_PIECE = 0x54_52_01_05;

  static final int HEADER = 16;

  /** All memory: frames are named by their address. */
  private static final MemorySegment ALL = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

  private RelayFrame() {}

  static void put(long frame, int kind, int channel, int bytes) {
    ALL.set(ValueLayout.JAVA_INT_UNALIGNED, frame, kind);
    ALL.set(ValueLayout.JAVA_INT_UNALIGNED, frame + 4, channel);
    ALL.set(ValueLayout.JAVA_INT_UNALIGNED, frame + 8, bytes);
    ALL.set(ValueLayout.JAVA_INT_UNALIGNED, frame + 12, 0);
  }

  static void put(long frame, byte[] from, int at, int bytes) {
    MemorySegment.copy(from, at, ALL, ValueLayout.JAVA_BYTE, frame + HEADER, bytes);
  }

  static void put(long frame, long word) {
    ALL.set(ValueLayout.JAVA_LONG_UNALIGNED, frame + HEADER, word);
  }

  static int kind(long frame) {
    return ALL.get(ValueLayout.JAVA_INT_UNALIGNED, frame);
  }

  static int channel(long frame) {
    return ALL.get(ValueLayout.JAVA_INT_UNALIGNED, frame + 4);
  }

  static int bytes(long frame) {
    return ALL.get(ValueLayout.JAVA_INT_UNALIGNED, frame + 8);
  }

  static long word(long frame) {
    return ALL.get(ValueLayout.JAVA_LONG_UNALIGNED, frame + HEADER);
  }

  static void get(long frame, byte[] to, int at, int bytes) {
    MemorySegment.copy(ALL, ValueLayout.JAVA_BYTE, frame + HEADER, to, at, bytes);
  }
}
