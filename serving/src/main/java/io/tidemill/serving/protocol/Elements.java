package io.tidemill.serving.protocol;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.io.NumberInput;
import io.tidemill.serving.inference.ZeroTensors;
import io.tidemill.tensor.DataType;
import io.tidemill.tensor.Shape;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.math.BigInteger;

/**
 * A growing array of one element type that JSON numbers, or booleans, are appended to.
 *
 * <p>A number that the type cannot hold (a fraction for an integer, beyond the range) is refused;
 * for floating point the nearest one is taken. Confined to the thread that parses.
 */
final class Elements {
  private final DataType type;
  private MemorySegment values;
  private int capacity;
  private int count;

  Elements(DataType type, int capacity) {
    this.type = type;
    this.capacity = capacity;
    this.values = memory(capacity);
  }

  int count() {
    return count;
  }

  /** The elements so far, as heap memory of exactly that size. */
  MemorySegment segment() {
    return values.asSlice(0, (long) count * type.bytes());
  }

  /**
   * Appends the value that {@code parser} stands on; false when the type cannot hold it.
   *
   * @param token a number, or a boolean where that is the type
   */
  boolean append(JsonParser parser, JsonToken token) throws IOException {
    if (count == capacity) {
      grow();
    }
    if (!put(count, parser, token)) {
      return false;
    }
    count++;
    return true;
  }

  /** Appends floats, which is what the type has to be; they are its own from now on. */
  void append(float[] floats) {
    if (count == 0) {
      values = MemorySegment.ofArray(floats);
      capacity = floats.length;
    } else {
      while (capacity - count < floats.length) {
        grow();
      }
      MemorySegment.copy(
          floats, 0, values, ValueLayout.JAVA_FLOAT, (long) count * Float.BYTES, floats.length);
    }
    count += floats.length;
  }

  private void grow() {
    MemorySegment before = values;
    capacity = Math.max(64, Math.multiplyExact(capacity, 2));
    values = memory(capacity);
    MemorySegment.copy(before, 0, values, 0, before.byteSize());
  }

  private MemorySegment memory(int elements) {
    return ZeroTensors.of("", type, Shape.of(elements)).data();
  }

  private boolean put(int index, JsonParser parser, JsonToken token) throws IOException {
    return switch (type) {
      case FLOAT32 -> {
        float value = toFloat(parser);
        values.setAtIndex(ValueLayout.JAVA_FLOAT, index, value);
        yield Float.isFinite(value);
      }
      case FLOAT64 -> {
        double value = parser.getDoubleValue();
        values.setAtIndex(ValueLayout.JAVA_DOUBLE, index, value);
        yield Double.isFinite(value);
      }
      case FLOAT16 -> {
        short value = Float.floatToFloat16(toFloat(parser));
        values.setAtIndex(ValueLayout.JAVA_SHORT, index, value);
        yield Float.isFinite(Float.float16ToFloat(value));
      }
      case BFLOAT16 -> false;
      case BOOL -> putBoolean(index, parser, token);
      case UINT64 -> putUnsignedLong(index, parser, token);
      case INT64 -> putInteger(index, parser, token, Long.MIN_VALUE, Long.MAX_VALUE);
      case INT32 -> putInteger(index, parser, token, Integer.MIN_VALUE, Integer.MAX_VALUE);
      case UINT32 -> putInteger(index, parser, token, 0, (1L << 32) - 1);
      case INT16 -> putInteger(index, parser, token, Short.MIN_VALUE, Short.MAX_VALUE);
      case UINT16 -> putInteger(index, parser, token, 0, (1 << 16) - 1);
      case INT8 -> putInteger(index, parser, token, Byte.MIN_VALUE, Byte.MAX_VALUE);
      case UINT8 -> putInteger(index, parser, token, 0, (1 << 8) - 1);
    };
  }

  /** Reads the digits in place: the parser's own accessor makes a string of each number first. */
  private static float toFloat(JsonParser parser) throws IOException {
    return NumberInput.parseFloat(
        parser.getTextCharacters(), parser.getTextOffset(), parser.getTextLength(), true);
  }

  private boolean putBoolean(int index, JsonParser parser, JsonToken token) throws IOException {
    if (!token.isBoolean()) {
      return putInteger(index, parser, token, 0, 1);
    }
    values.setAtIndex(ValueLayout.JAVA_BYTE, index, (byte) (token == JsonToken.VALUE_TRUE ? 1 : 0));
    return true;
  }

  private boolean putUnsignedLong(int index, JsonParser parser, JsonToken token)
      throws IOException {
    if (token != JsonToken.VALUE_NUMBER_INT) {
      return false;
    }
    BigInteger value = parser.getBigIntegerValue();
    if (value.signum() < 0 || value.bitLength() > Long.SIZE) {
      return false;
    }
    values.setAtIndex(ValueLayout.JAVA_LONG, index, value.longValue());
    return true;
  }

  private boolean putInteger(int index, JsonParser parser, JsonToken token, long least, long most)
      throws IOException {
    if (token != JsonToken.VALUE_NUMBER_INT
        || parser.getNumberType() == JsonParser.NumberType.BIG_INTEGER) {
      return false;
    }
    long value = parser.getLongValue();
    if (value < least || value > most) {
      return false;
    }
    switch (type.bytes()) {
      case Byte.BYTES -> values.setAtIndex(ValueLayout.JAVA_BYTE, index, (byte) value);
      case Short.BYTES -> values.setAtIndex(ValueLayout.JAVA_SHORT, index, (short) value);
      case Integer.BYTES -> values.setAtIndex(ValueLayout.JAVA_INT, index, (int) value);
      default -> values.setAtIndex(ValueLayout.JAVA_LONG, index, value);
    }
    return true;
  }
}
