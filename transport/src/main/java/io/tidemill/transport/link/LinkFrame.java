package io.tidemill.transport.link;

import io.tidemill.transport.aeron.Identity;
import java.nio.charset.StandardCharsets;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;

/**
 * How peers introduce themselves; all other frames are those of who uses the links. Little-endian.
 *
 * <pre>
 *   HELLO  0 kind | 4 peer | 8 id hash | 16 generation | 24 proof | 32 layout
 *          40 flags: 1 the receiver is known to the sender | 44 length | 48 where the sender listens
 *          then length | what all have to have alike
 *   PEER   0 kind | 4 peer | 8 length | 12 where that peer listens
 * </pre>
 *
 * <p>HELLO is the first frame of a stream. PEER is said by the leading peer, who is the only one
 * that all know from the beginning.
 */
final class LinkFrame {
  static final int HELLO = 0x54_4c_01_01;
  static final int PEER = 0x54_4c_01_02;
  static final int KNOWN = 1;

  private static final int HELLO_BYTES = 48;
  private static final int PEER_BYTES = 12;

  private LinkFrame() {}

  static int kind(DirectBuffer buffer, int at, int length) {
    return length >= Integer.BYTES ? buffer.getInt(at) : 0;
  }

  static boolean isHello(DirectBuffer buffer, int at, int length) {
    return kind(buffer, at, length) == HELLO && length >= HELLO_BYTES;
  }

  static int peer(DirectBuffer buffer, int at) {
    return buffer.getInt(at + 4);
  }

  static Identity identity(DirectBuffer buffer, int at) {
    return new Identity(
        buffer.getLong(at + 8),
        buffer.getLong(at + 16),
        buffer.getLong(at + 24),
        buffer.getLong(at + 32));
  }

  static boolean isKnown(DirectBuffer buffer, int at) {
    return (buffer.getInt(at + 40) & KNOWN) != 0;
  }

  static String helloAddress(DirectBuffer buffer, int at, int length) {
    return text(buffer, at + 44, length - 44);
  }

  static String peerAddress(DirectBuffer buffer, int at, int length) {
    return text(buffer, at + 8, length - 8);
  }

  static String agreement(DirectBuffer buffer, int at, int length) {
    int behind = HELLO_BYTES + Math.clamp(buffer.getInt(at + 44), 0, length - HELLO_BYTES);
    return text(buffer, at + behind, length - behind);
  }

  static int helloBytes(byte[] address, byte[] agreement) {
    return HELLO_BYTES + address.length + Integer.BYTES + agreement.length;
  }

  static void putHello(
      MutableDirectBuffer buffer,
      int at,
      Identity identity,
      int peer,
      int flags,
      byte[] address,
      byte[] agreement) {
    buffer.putInt(at, HELLO);
    buffer.putInt(at + 4, peer);
    buffer.putLong(at + 8, identity.idHash());
    buffer.putLong(at + 16, identity.generation());
    buffer.putLong(at + 24, identity.proof());
    buffer.putLong(at + 32, identity.layout());
    buffer.putInt(at + 40, flags);
    putText(buffer, at + 44, address);
    putText(buffer, at + HELLO_BYTES + address.length, agreement);
  }

  static int peerBytes(byte[] address) {
    return PEER_BYTES + address.length;
  }

  static void putPeer(MutableDirectBuffer buffer, int at, int peer, byte[] address) {
    buffer.putInt(at, PEER);
    buffer.putInt(at + 4, peer);
    putText(buffer, at + 8, address);
  }

  private static void putText(MutableDirectBuffer buffer, int at, byte[] text) {
    buffer.putInt(at, text.length);
    buffer.putBytes(at + Integer.BYTES, text);
  }

  private static String text(DirectBuffer buffer, int at, int most) {
    if (most < Integer.BYTES) {
      return "";
    }
    byte[] text = new byte[Math.clamp(buffer.getInt(at), 0, most - Integer.BYTES)];
    buffer.getBytes(at + Integer.BYTES, text);
    return new String(text, StandardCharsets.UTF_8);
  }
}
