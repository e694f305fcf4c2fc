package io.tidemill.codec;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Reads what a {@link ByteWriter} wrote.
 *
 * <p>Confined to one thread. Every read is checked against the end of the range; beyond it, and for
 * a length that cannot be, the error is CORRUPT_STATE and names the position.
 */
public final class ByteReader {
  private static final VarHandle SHORTS = view(short[].class);
  private static final VarHandle INTS = view(int[].class);
  private static final VarHandle LONGS = view(long[].class);

  private byte[] bytes;
  private int position;
  private int end;

  public ByteReader(byte[] bytes) {
    this(bytes, 0, bytes.length);
  }

  public ByteReader(byte[] bytes, int offset, int length) {
    wrap(bytes, offset, length);
  }

  /** Goes on with another range. */
  public final void wrap(byte[] source, int offset, int length) {
    if (offset < 0 || length < 0 || length > source.length - offset) {
      throw new IndexOutOfBoundsException(
          "offset=" + offset + " length=" + length + " array=" + source.length);
    }
    bytes = source;
    position = offset;
    end = offset + length;
  }

  /** Where the next byte is read, counted from the start of the array. */
  public int position() {
    return position;
  }

  /** Bytes not yet read. */
  public int remaining() {
    return end - position;
  }

  /** The array behind this reader. */
  public byte[] array() {
    return bytes;
  }

  public void skip(int length) {
    claim(length);
  }

  public boolean readBoolean() {
    int value = readByte();
    if ((value & ~1) != 0) {
      throw corrupt("a boolean is 0 or 1 but found " + value);
    }
    return value == 1;
  }

  public byte readByte() {
    int at = claim(1);
    return bytes[at];
  }

  public short readShort() {
    int at = claim(Short.BYTES);
    return (short) SHORTS.get(bytes, at);
  }

  public char readChar() {
    return (char) readShort();
  }

  public int readInt() {
    int at = claim(Integer.BYTES);
    return (int) INTS.get(bytes, at);
  }

  public long readLong() {
    int at = claim(Long.BYTES);
    return (long) LONGS.get(bytes, at);
  }

  public float readFloat() {
    return Float.intBitsToFloat(readInt());
  }

  public double readDouble() {
    return Double.longBitsToDouble(readLong());
  }

  public int readVarInt() {
    long value = readVarLong();
    if (value != (value & 0xffff_ffffL)) {
      throw corrupt("a number of 32 bits was expected but " + value + " found");
    }
    return (int) value;
  }

  public long readVarLong() {
    long value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      byte next = readByte();
      value |= (next & 0x7fL) << shift;
      if (next >= 0) {
        return value;
      }
    }
    throw corrupt("a number of more than ten bytes");
  }

  /**
   * Reads a varint that counts elements of at least {@code minimumBytes} each; more than can follow
   * is corrupt, so that a flipped bit never asks for gigabytes.
   */
  public int readCount(int minimumBytes) {
    int count = readVarInt();
    if (count < 0 || (long) count * minimumBytes > remaining()) {
      throw corrupt("a count of " + Integer.toUnsignedString(count) + " elements");
    }
    return count;
  }

  public byte[] readBytes(int length) {
    int at = claim(length);
    return Arrays.copyOfRange(bytes, at, at + length);
  }

  public String readString() {
    int length = readCount(1);
    int at = claim(length);
    return new String(bytes, at, length, StandardCharsets.UTF_8);
  }

  private int claim(int length) {
    int at = position;
    if (length < 0 || length > end - at) {
      throw corrupt(length + " bytes were expected");
    }
    position = at + length;
    return at;
  }

  private EngineException corrupt(String what) {
    return new EngineException(
        ErrorCode.CORRUPT_STATE,
        "bytes cannot be decoded: " + what + " at position " + position + " of " + end);
  }

  private static VarHandle view(Class<?> arrayType) {
    return MethodHandles.byteArrayViewVarHandle(arrayType, ByteOrder.LITTLE_ENDIAN)
        .withInvokeExactBehavior();
  }
}
