package io.tidemill.train;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.tensor.DataType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Turns records into rows, and rows into what a program takes. Stateless; any thread. */
final class RowWriter<T> {
  private final Encoding<T> encoding;

  RowWriter(Encoding<T> encoding) {
    this.encoding = encoding;
  }

  /** Writes features and labels of a record into a row. */
  void write(T value, MemorySegment row) {
    writeFeatures(value, row);
    write(value, "label", encoding.labels(), row, encoding.labelOffset());
  }

  /** Writes the features only. */
  void writeFeatures(T value, MemorySegment row) {
    write(value, "row", encoding.features(), row, 0);
  }

  /** Copies the features of a row to row {@code index} of {@code features}; bytes become floats. */
  void readFeatures(MemorySegment row, MemorySegment features, long index) {
    int width = encoding.width();
    long offset = index * width * Float.BYTES;
    if (encoding.features().type() != DataType.UINT8) {
      MemorySegment.copy(row, 0, features, offset, (long) width * Float.BYTES);
      return;
    }
    widen(row, features.asSlice(offset, (long) width * Float.BYTES), width);
  }

  /** On its own and from 0, in which form the compiler makes vectors of it. */
  private static void widen(MemorySegment bytes, MemorySegment floats, int count) {
    for (int i = 0; i < count; i++) {
      floats.setAtIndex(ValueLayout.JAVA_FLOAT, i, bytes.get(ValueLayout.JAVA_BYTE, i) & 0xff);
    }
  }

  /** Label {@code index} of a row; a float or an int, and exact as either. */
  double label(MemorySegment row, int index) {
    long offset = encoding.labelOffset() + (long) index * Float.BYTES;
    return encoding.labels().type() == DataType.INT32
        ? row.get(ValueLayout.JAVA_INT_UNALIGNED, offset)
        : row.get(ValueLayout.JAVA_FLOAT_UNALIGNED, offset);
  }

  private void write(
      T value, String what, Encoding.Numbers<T> numbers, MemorySegment row, long offset) {
    MemorySegment source = memory(what, numbers.type(), numbers.of().apply(value));
    if (source.byteSize() != numbers.bytes()) {
      throw new EngineException(
          ErrorCode.USER_CODE,
          "an encoding made a "
              + what
              + " of another width: expected "
              + numbers.count()
              + ", found "
              + source.byteSize() / numbers.type().bytes());
    }
    MemorySegment.copy(source, 0, row, offset, source.byteSize());
  }

  private static MemorySegment memory(String what, DataType type, Object array) {
    return switch (array) {
      case float[] floats when type == DataType.FLOAT32 -> MemorySegment.ofArray(floats);
      case byte[] bytes when type == DataType.UINT8 -> MemorySegment.ofArray(bytes);
      case int[] integers when type == DataType.INT32 -> MemorySegment.ofArray(integers);
      case null, default ->
          throw new EngineException(
              ErrorCode.USER_CODE,
              "an encoding made a "
                  + what
                  + " of another type: expected "
                  + type
                  + ", found "
                  + (array == null ? "null" : array.getClass().getSimpleName()));
    };
  }
}
