package io.tidemill.codec;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Appends little-endian values to an array that grows.
 *
 * <p>Confined to one thread. {@link #clear} keeps the array, so that a writer which is reused does
 * not allocate.
 */
public final class ByteWriter {
  private static final VarHandle SHORTS = view(short[].class);
  private static final VarHandle INTS = view(int[].class);
  private static final VarHandle LONGS = view(long[].class);
  private static final int MAX_CAPACITY_BYTES = Integer.MAX_VALUE - 8;

  private byte[] bytes;
  private int size;

  public ByteWriter() {
    this(256);
  }

  public ByteWriter(int capacityBytes) {
    bytes = new byte[capacityBytes];
  }

  /** Bytes written so far. */
  public int size() {
    return size;
  }

  /** Forgets what was written. */
  public void clear() {
    size = 0;
  }

  /** The array behind this writer; valid up to {@link #size} and until the next write. */
  public byte[] array() {
    return bytes;
  }

  /** A copy of what was written. */
  public byte[] toByteArray() {
    return Arrays.copyOf(bytes, size);
  }

  /** What was written, without a copy; valid until the next write. */
  public ByteBuffer toByteBuffer() {
    return ByteBuffer.wrap(bytes, 0, size);
  }

  public void writeBoolean(boolean value) {
    writeByte(value ? 1 : 0);
  }

  /** Appends the low eight bits. */
  public void writeByte(int value) {
    int at = claim(1);
    bytes[at] = (byte) value;
  }

  /** Appends the low sixteen bits. */
  public void writeShort(int value) {
    int at = claim(Short.BYTES);
    SHORTS.set(bytes, at, (short) value);
  }

  public void writeChar(char value) {
    writeShort(value);
  }

  public void writeInt(int value) {
    int at = claim(Integer.BYTES);
    INTS.set(bytes, at, value);
  }

  public void writeLong(long value) {
    int at = claim(Long.BYTES);
    LONGS.set(bytes, at, value);
  }

  /** Appends the raw bits, so that NaN payloads and the sign of zero survive. */
  public void writeFloat(float value) {
    writeInt(Float.floatToRawIntBits(value));
  }

  /** Appends the raw bits, so that NaN payloads and the sign of zero survive. */
  public void writeDouble(double value) {
    writeLong(Double.doubleToRawLongBits(value));
  }

  /** Appends an unsigned LEB128 number: one byte below 128, five at most. */
  public void writeVarInt(int value) {
    int rest = value;
    while ((rest & ~0x7f) != 0) {
      writeByte(rest | 0x80);
      rest >>>= 7;
    }
    writeByte(rest);
  }

  /** Appends an unsigned LEB128 number: one byte below 128, ten at most. */
  public void writeVarLong(long value) {
    long rest = value;
    while ((rest & ~0x7fL) != 0) {
      writeByte((int) rest | 0x80);
      rest >>>= 7;
    }
    writeByte((int) rest);
  }

  public void writeBytes(byte[] source) {
    writeBytes(source, 0, source.length);
  }

  public void writeBytes(byte[] source, int offset, int length) {
    int at = claim(length);
    System.arraycopy(source, offset, bytes, at, length);
  }

  /**
   * Appends the length in bytes as a varint, then UTF-8.
   *
   * @throws EngineException INVALID_DATA where the text has half a surrogate pair, which UTF-8
   *     cannot say
   */
  public void writeString(String text) {
    int start = size;
    int length = text.length();
    writeVarInt(length);
    int at = claim(length);
    for (int i = 0; i < length; i++) {
      char c = text.charAt(i);
      if (c >= 0x80) {
        size = start;
        writeWideString(text);
        return;
      }
      bytes[at + i] = (byte) c;
    }
  }

  /** Overwrites four bytes that were written before; for lengths that are known afterwards. */
  public void putInt(int position, int value) {
    if (position < 0 || position > size - Integer.BYTES) {
      throw new IndexOutOfBoundsException("position=" + position + " size=" + size);
    }
    INTS.set(bytes, position, value);
  }

  private void writeWideString(String text) {
    try {
      ByteBuffer utf8 = StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(text));
      writeVarInt(utf8.remaining());
      writeBytes(utf8.array(), utf8.arrayOffset(), utf8.remaining());
    } catch (CharacterCodingException e) {
      throw new EngineException(
          ErrorCode.INVALID_DATA,
          "text of "
              + text.length()
              + " characters has half a surrogate pair and cannot be stored as UTF-8",
          e);
    }
  }

  private int claim(int length) {
    int at = size;
    int end = at + length;
    if (end > bytes.length || end < 0) {
      grow(length);
    }
    size = at + length;
    return at;
  }

  private void grow(int length) {
    long needed = (long) size + length;
    if (needed > MAX_CAPACITY_BYTES) {
      throw new EngineException(
          ErrorCode.RESOURCE,
          "one buffer would need "
              + needed
              + " bytes, but the limit is "
              + MAX_CAPACITY_BYTES
              + "; raise the parallelism, so that each task holds less");
    }
    long doubled = Math.min(MAX_CAPACITY_BYTES, Math.max(64, 2L * bytes.length));
    bytes = Arrays.copyOf(bytes, (int) Math.max(needed, doubled));
  }

  private static VarHandle view(Class<?> arrayType) {
    return MethodHandles.byteArrayViewVarHandle(arrayType, ByteOrder.LITTLE_ENDIAN)
        .withInvokeExactBehavior();
  }
}
