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

  /** Writes features and label of a record into a row. */
  void write(T value, MemorySegment row) {
    Object features = encoding.features().apply(value);
    MemorySegment source =
        switch (features) {
          case float[] floats when encoding.type() == DataType.FLOAT32 ->
              MemorySegment.ofArray(floats);
          case byte[] bytes when encoding.type() == DataType.UINT8 -> MemorySegment.ofArray(bytes);
          default ->
              throw new EngineException(
                  ErrorCode.USER_CODE,
                  "an encoding made a row of another type: expected "
                      + encoding.type()
                      + ", found "
                      + features.getClass().getSimpleName());
        };
    long expected = (long) encoding.width() * encoding.type().bytes();
    if (source.byteSize() != expected) {
      throw new EngineException(
          ErrorCode.USER_CODE,
          "an encoding made a row of another width: expected "
              + encoding.width()
              + ", found "
              + source.byteSize() / encoding.type().bytes());
    }
    MemorySegment.copy(source, 0, row, 0, expected);
    float label = (float) encoding.label().applyAsDouble(value);
    row.set(ValueLayout.JAVA_FLOAT_UNALIGNED, encoding.labelOffset(), label);
  }

  /** Copies the features of a row, as float32, to row {@code index} of {@code features}. */
  void readFeatures(MemorySegment row, MemorySegment features, long index) {
    int width = encoding.width();
    long offset = index * width * Float.BYTES;
    if (encoding.type() == DataType.FLOAT32) {
      MemorySegment.copy(row, 0, features, offset, (long) width * Float.BYTES);
      return;
    }
    for (int i = 0; i < width; i++) {
      features.set(
          ValueLayout.JAVA_FLOAT_UNALIGNED,
          offset + (long) i * Float.BYTES,
          row.get(ValueLayout.JAVA_BYTE, i) & 0xff);
    }
  }

  float label(MemorySegment row) {
    return row.get(ValueLayout.JAVA_FLOAT_UNALIGNED, encoding.labelOffset());
  }
}
