package io.tidemill.serving.protocol;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.io.NumberInput;
import io.tidemill.tensor.DataType;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * A growing array of one element type that JSON numbers are appended to.
 *
 * <p>A number that the type cannot hold (a fraction for an integer, beyond the range) is refused;
 * for FP32 the nearest float is taken. Confined to the thread that parses.
 */
abstract sealed class Elements {
  private int count;

  static Elements of(DataType type, int capacity) {
    return switch (type) {
      case FLOAT32 -> new Float32(capacity);
      case INT32 -> new Int32(capacity);
      case INT64 -> new Int64(capacity);
      case UINT8 -> new Uint8(capacity);
    };
  }

  int count() {
    return count;
  }

  /** Appends the number that {@code parser} stands on; false when the type cannot hold it. */
  final boolean append(JsonParser parser, JsonToken token) throws IOException {
    if (count == capacity()) {
      grow(Math.max(64, Math.multiplyExact(count, 2)));
    }
    if (!put(count, parser, token)) {
      return false;
    }
    count++;
    return true;
  }

  /** The elements so far, as heap memory of exactly that size. */
  abstract MemorySegment segment();

  abstract int capacity();

  abstract void grow(int capacity);

  abstract boolean put(int index, JsonParser parser, JsonToken token) throws IOException;

  private static boolean isWithin(JsonParser parser, JsonToken token, long least, long most)
      throws IOException {
    if (token != JsonToken.VALUE_NUMBER_INT
        || parser.getNumberType() == JsonParser.NumberType.BIG_INTEGER) {
      return false;
    }
    long value = parser.getLongValue();
    return value >= least && value <= most;
  }

  private static final class Float32 extends Elements {
    private float[] values;

    Float32(int capacity) {
      values = new float[capacity];
    }

    @Override
    int capacity() {
      return values.length;
    }

    @Override
    void grow(int capacity) {
      values = Arrays.copyOf(values, capacity);
    }

    /** Reads the digits in place: the parser's own accessor makes a string of each number first. */
    @Override
    boolean put(int index, JsonParser parser, JsonToken token) throws IOException {
      float value =
          NumberInput.parseFloat(
              parser.getTextCharacters(), parser.getTextOffset(), parser.getTextLength(), true);
      values[index] = value;
      return Float.isFinite(value);
    }

    @Override
    MemorySegment segment() {
      return MemorySegment.ofArray(
          values.length == count() ? values : Arrays.copyOf(values, count()));
    }
  }

  private static final class Int32 extends Elements {
    private int[] values;

    Int32(int capacity) {
      values = new int[capacity];
    }

    @Override
    int capacity() {
      return values.length;
    }

    @Override
    void grow(int capacity) {
      values = Arrays.copyOf(values, capacity);
    }

    @Override
    boolean put(int index, JsonParser parser, JsonToken token) throws IOException {
      if (!isWithin(parser, token, Integer.MIN_VALUE, Integer.MAX_VALUE)) {
        return false;
      }
      values[index] = parser.getIntValue();
      return true;
    }

    @Override
    MemorySegment segment() {
      return MemorySegment.ofArray(
          values.length == count() ? values : Arrays.copyOf(values, count()));
    }
  }

  private static final class Int64 extends Elements {
    private long[] values;

    Int64(int capacity) {
      values = new long[capacity];
    }

    @Override
    int capacity() {
      return values.length;
    }

    @Override
    void grow(int capacity) {
      values = Arrays.copyOf(values, capacity);
    }

    @Override
    boolean put(int index, JsonParser parser, JsonToken token) throws IOException {
      if (!isWithin(parser, token, Long.MIN_VALUE, Long.MAX_VALUE)) {
        return false;
      }
      values[index] = parser.getLongValue();
      return true;
    }

    @Override
    MemorySegment segment() {
      return MemorySegment.ofArray(
          values.length == count() ? values : Arrays.copyOf(values, count()));
    }
  }

  private static final class Uint8 extends Elements {
    private byte[] values;

    Uint8(int capacity) {
      values = new byte[capacity];
    }

    @Override
    int capacity() {
      return values.length;
    }

    @Override
    void grow(int capacity) {
      values = Arrays.copyOf(values, capacity);
    }

    @Override
    boolean put(int index, JsonParser parser, JsonToken token) throws IOException {
      if (!isWithin(parser, token, 0, 255)) {
        return false;
      }
      values[index] = (byte) parser.getIntValue();
      return true;
    }

    @Override
    MemorySegment segment() {
      return MemorySegment.ofArray(
          values.length == count() ? values : Arrays.copyOf(values, count()));
    }
  }
}
