package io.tidemill.train;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * What the hosts of a gang say to each other: where in the memory that each has of it something is
 * to be written, or what is to happen to the log. In the byte order of the hosts.
 *
 * <pre>
 *   0 kind (int) | 4 bytes of the payload (int) | 8 at (long) | 16 payload
 * </pre>
 */
final class MirrorFrame {
  /** The payload goes to offset {@code at} of the memory. */
  static final int BYTES = 0x54_47_01_01;

  /** A word that others wait for goes there, behind all that came before. */
  static final int WORD = 0x54_47_01_02;

  /** Words of which the bits that are set are to be set there. */
  static final int MARKS = 0x54_47_01_03;

  /** The log begins behind {@code at} files that are gone. */
  static final int LOG = 0x54_47_01_04;

  /** Bytes of rows of the log, of which the first is byte {@code at} of all its rows. */
  static final int ROWS = 0x54_47_01_05;

  /** No row will be added to the log. */
  static final int SEALED = 0x54_47_01_06;

  /** The first {@code at} files of the log are to be deleted. */
  static final int TRIMMED = 0x54_47_01_07;

  static final int HEADER = 16;

  /** All memory: frames are named by their address. */
  static final MemorySegment ALL = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

  private MirrorFrame() {}

  static void put(long frame, int kind, int bytes, long at) {
    ALL.set(ValueLayout.JAVA_INT_UNALIGNED, frame, kind);
    ALL.set(ValueLayout.JAVA_INT_UNALIGNED, frame + 4, bytes);
    ALL.set(ValueLayout.JAVA_LONG_UNALIGNED, frame + 8, at);
  }

  static int kind(long frame) {
    return ALL.get(ValueLayout.JAVA_INT_UNALIGNED, frame);
  }

  static int bytes(long frame) {
    return ALL.get(ValueLayout.JAVA_INT_UNALIGNED, frame + 4);
  }

  static long at(long frame) {
    return ALL.get(ValueLayout.JAVA_LONG_UNALIGNED, frame + 8);
  }

  /** The first, or the only one, of the words of a payload. */
  static long word(long frame, int index) {
    return ALL.get(ValueLayout.JAVA_LONG_UNALIGNED, frame + HEADER + (long) index * Long.BYTES);
  }

  static void word(long frame, long word) {
    ALL.set(ValueLayout.JAVA_LONG_UNALIGNED, frame + HEADER, word);
  }
}
