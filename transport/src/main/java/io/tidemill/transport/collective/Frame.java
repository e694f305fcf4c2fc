package io.tidemill.transport.collective;

import io.tidemill.transport.aeron.Identity;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;

/**
 * What the ranks of a group say to each other over Aeron; little-endian, one message a frame.
 *
 * <pre>
 *   HELLO    0 kind | 4 rank | 8 id hash | 16 generation | 24 proof | 32 layout | 40 piece floats
 *           44 flags: 1 the receiver is known to the sender, 2 the sender is done
 *   PART     0 kind | 4 part | 8 operation | 16 from | 24 floats | 32 float32...
 *   VALUES   0 kind | 4 -    | 8 operation | 16 from | 24 floats | 32 float32...
 *   END      0 kind | 4 rank | 8 length    | 12 reason (UTF-8)
 * </pre>
 *
 * <p>HELLO is the first frame of a stream and then the sign of life. PART carries the sum of one
 * sub-tree of the sender's leaves, part by part for the same floats; VALUES carries summed, or
 * gathered, floats of the sender's slice. Floats of a kind are sent from first to last.
 */
final class Frame {
  /** The upper bytes of a kind tell our frames, and their version, from others. */
  private static final int VERSION_1 = 0x54_4d_01_00;

  static final int HELLO = VERSION_1 | 1;
  static final int PART = VERSION_1 | 2;
  static final int VALUES = VERSION_1 | 3;
  static final int END = VERSION_1 | 4;

  static final int HELLO_BYTES = 48;
  static final int DATA_HEADER_BYTES = 32;
  static final int END_HEADER_BYTES = 12;
  static final int KNOWN = 1;
  static final int DONE = 2;

  private Frame() {}

  static int kind(DirectBuffer buffer, int at, int length) {
    return length >= Integer.BYTES ? buffer.getInt(at) : 0;
  }

  /** The rank of a hello or an end, the part of a part. */
  static int index(DirectBuffer buffer, int at) {
    return buffer.getInt(at + 4);
  }

  static Identity identity(DirectBuffer buffer, int at) {
    return new Identity(
        buffer.getLong(at + 8),
        buffer.getLong(at + 16),
        buffer.getLong(at + 24),
        buffer.getLong(at + 32));
  }

  static int pieceFloats(DirectBuffer buffer, int at) {
    return buffer.getInt(at + 40);
  }

  static int flags(DirectBuffer buffer, int at) {
    return buffer.getInt(at + 44);
  }

  static void putHello(
      MutableDirectBuffer buffer, int at, Identity identity, int rank, int pieceFloats, int flags) {
    buffer.putInt(at, HELLO);
    buffer.putInt(at + 4, rank);
    buffer.putLong(at + 8, identity.idHash());
    buffer.putLong(at + 16, identity.generation());
    buffer.putLong(at + 24, identity.proof());
    buffer.putLong(at + 32, identity.layout());
    buffer.putInt(at + 40, pieceFloats);
    buffer.putInt(at + 44, flags);
  }

  static long operation(DirectBuffer buffer, int at) {
    return buffer.getLong(at + 8);
  }

  static long from(DirectBuffer buffer, int at) {
    return buffer.getLong(at + 16);
  }

  static int floats(DirectBuffer buffer, int at) {
    return buffer.getInt(at + 24);
  }

  static void putDataHeader(
      MutableDirectBuffer buffer,
      int at,
      int kind,
      int part,
      long operation,
      long from,
      int floats) {
    buffer.putInt(at, kind);
    buffer.putInt(at + 4, part);
    buffer.putLong(at + 8, operation);
    buffer.putLong(at + 16, from);
    buffer.putLong(at + 24, floats);
  }

  static String reason(DirectBuffer buffer, int at, int length) {
    if (length < END_HEADER_BYTES) {
      return "";
    }
    int bytes = Math.clamp(buffer.getInt(at + 8), 0, length - END_HEADER_BYTES);
    return buffer.getStringWithoutLengthUtf8(at + END_HEADER_BYTES, bytes);
  }

  static void putEnd(MutableDirectBuffer buffer, int at, int rank, byte[] reason) {
    buffer.putInt(at, END);
    buffer.putInt(at + 4, rank);
    buffer.putInt(at + 8, reason.length);
    buffer.putBytes(at + END_HEADER_BYTES, reason);
  }
}
