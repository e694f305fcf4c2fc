package io.tidemill.train;

import io.tidemill.tensor.DataType;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;

/**
 * How a record becomes a row of numbers and a label.
 *
 * <p>Pure functions: the same record gives the same row in training, evaluation and serving.
 *
 * @param width numbers in a row
 * @param type how the sample log keeps them: FLOAT32, or UINT8 (a quarter of the room)
 * @param features {@code float[width]} or {@code byte[width]}, by {@code type}; not changed after
 * @param label class index, or 0 and 1
 */
public record Encoding<T>(
    int width, DataType type, Function<T, Object> features, ToDoubleFunction<T> label) {
  /** Rows of float32. */
  public static <T> Encoding<T> ofFloats(
      int width, Function<T, float[]> features, ToDoubleFunction<T> label) {
    return new Encoding<>(width, DataType.FLOAT32, features::apply, label);
  }

  /** Rows of unsigned bytes, which the network sees as the float32 values 0 to 255. */
  public static <T> Encoding<T> ofBytes(
      int width, Function<T, byte[]> features, ToDoubleFunction<T> label) {
    return new Encoding<>(width, DataType.UINT8, features::apply, label);
  }

  /** Bytes of a row: the features, then the label as a float32, padded to a multiple of 4. */
  public int rowBytes() {
    return labelOffset() + Float.BYTES;
  }

  int labelOffset() {
    return (width * type.bytes() + 3) & ~3;
  }
}
