package io.tidemill.serving.protocol;

import io.tidemill.error.EngineException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;

/**
 * Refuses bodies that are not UTF-8, which is what JSON between systems has to be.
 *
 * <p>The parser itself would take UTF-16 and UTF-32 by guessing from the first bytes, and reads
 * overlong forms and halves of surrogate pairs as something.
 *
 * @see <a href="https://www.rfc-editor.org/rfc/rfc8259#section-8.1">RFC 8259, 8.1</a>
 */
final class Utf8 {
  private static final VarHandle LONGS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.nativeOrder());
  private static final long SIGNS = 0x8080_8080_8080_8080L;

  /** Where one of so many first bytes is 0, the parser takes the text for UTF-16 or UTF-32. */
  private static final int GUESSED_FROM = 4;

  private static final int CHUNK_CHARS = 1 << 10;

  private Utf8() {}

  /**
   * Checks the first {@code length} bytes.
   *
   * @throws EngineException INVALID_ARGUMENT naming the first byte that cannot be
   */
  static void check(byte[] bytes, int length) {
    for (int i = 0; i < Math.min(GUESSED_FROM, length); i++) {
      if (bytes[i] == 0) {
        throw refusal(bytes, i);
      }
    }
    int ascii = asciiBytes(bytes, length);
    if (ascii < length) {
      checkDecodes(bytes, ascii, length);
    }
  }

  /** How many bytes are ASCII before the first that is not. */
  private static int asciiBytes(byte[] bytes, int length) {
    int i = 0;
    while (i + Long.BYTES <= length && ((long) LONGS.get(bytes, i) & SIGNS) == 0) {
      i += Long.BYTES;
    }
    while (i < length && bytes[i] >= 0) {
      i++;
    }
    return i;
  }

  private static void checkDecodes(byte[] bytes, int from, int length) {
    CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder(); // which reports what is malformed
    ByteBuffer in = ByteBuffer.wrap(bytes, from, length - from);
    CharBuffer out = CharBuffer.allocate(CHUNK_CHARS);
    CoderResult result = CoderResult.OVERFLOW;
    while (result.isOverflow()) {
      result = decoder.decode(in, out.clear(), true);
    }
    if (result.isError()) {
      throw refusal(bytes, in.position());
    }
  }

  private static EngineException refusal(byte[] bytes, int position) {
    return BadRequest.of(
        "expected the JSON to be UTF-8, found the byte 0x%02x at position %d, counted from 0",
        bytes[position] & 0xff, position);
  }
}
