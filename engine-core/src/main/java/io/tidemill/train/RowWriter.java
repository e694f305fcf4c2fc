package io.tidemill.train;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.tensor.DataType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Turns records into rows, and rows into what a program takes. Any thread. */
final class RowWriter<T> {
  private final Encoding<T> encoding;
  private final ThreadLocal<Row> scratches;

  RowWriter(Encoding<T> encoding) {
    this.encoding = encoding;
    int width = encoding.width();
    this.scratches = ThreadLocal.withInitial(() -> new Row(new byte[width], new float[width]));
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

  /**
   * Through arrays, whose loops are fast in whatever tier the compiler has brought them to: those
   * of segments take 20 ns a number in the first one, where a short job spends most of its time.
   */
  private void widen(MemorySegment bytes, MemorySegment floats, int count) {
    Row scratch = scratches.get();
    MemorySegment.copy(bytes, ValueLayout.JAVA_BYTE, 0, scratch.bytes, 0, count);
    for (int i = 0; i < count; i++) {
      scratch.floats[i] = scratch.bytes[i] & 0xff;
    }
    MemorySegment.copy(scratch.floats, 0, floats, ValueLayout.JAVA_FLOAT, 0, count);
  }

  @SuppressWarnings("ArrayRecordComponent") // scratch memory, never compared
  private record Row(byte[] bytes, float[] floats) {}

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
