package io.tidemill.train;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.tensor.DataType;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;

/**
 * How a record becomes a row of numbers and its labels.
 *
 * <p>Pure functions: the same record gives the same row in training, evaluation and serving. A row
 * of the sample log is the features, then the labels, each filled up to a multiple of 4 bytes.
 *
 * @param features what the network takes: FLOAT32; UINT8, a quarter of the room, which the network
 *     sees as the float32 values 0 to 255; or INT32, tokens and categories
 * @param labels what the loss compares with: FLOAT32, or INT32 classes
 */
public record Encoding<T>(Numbers<T> features, Numbers<T> labels) {
  /**
   * A fixed count of numbers made from a record.
   *
   * @param of gives {@code float[count]}, {@code byte[count]} or {@code int[count]}, by {@code
   *     type}; the array is read at once and never changed
   */
  public record Numbers<T>(DataType type, int count, Function<T, Object> of) {
    public Numbers {
      require(count > 0, "an encoding needs at least 1 number in a row, found " + count);
      require(
          type != DataType.INT64,
          "an encoding makes FLOAT32, UINT8 or INT32, found " + type + ": narrow it to INT32");
    }

    int bytes() {
      return count * type.bytes();
    }
  }

  public Encoding {
    require(labels.type() != DataType.UINT8, "labels are FLOAT32 or INT32, found UINT8");
  }

  /** Rows of float32, with one label: a class, or a number. */
  public static <T> Encoding<T> ofFloats(
      int width, Function<T, float[]> features, ToDoubleFunction<T> label) {
    return new Encoding<>(
        new Numbers<>(DataType.FLOAT32, width, features::apply), Encoding.one(label));
  }

  /** Rows of unsigned bytes, which the network sees as the float32 values 0 to 255. */
  public static <T> Encoding<T> ofBytes(
      int width, Function<T, byte[]> features, ToDoubleFunction<T> label) {
    return new Encoding<>(
        new Numbers<>(DataType.UINT8, width, features::apply), Encoding.one(label));
  }

  /** Rows of tokens or categories, with one label. */
  public static <T> Encoding<T> ofTokens(
      int width, Function<T, int[]> tokens, ToDoubleFunction<T> label) {
    return new Encoding<>(new Numbers<>(DataType.INT32, width, tokens::apply), Encoding.one(label));
  }

  /** Rows of tokens with a class for each: of a language model the token that comes next. */
  public static <T> Encoding<T> ofSequences(
      int length, Function<T, int[]> tokens, Function<T, int[]> classes) {
    return new Encoding<>(
        new Numbers<>(DataType.INT32, length, tokens::apply),
        new Numbers<>(DataType.INT32, length, classes::apply));
  }

  /** The same features with {@code count} numbers as labels, for a regression of several. */
  public Encoding<T> withLabels(int count, Function<T, float[]> numbers) {
    return new Encoding<>(features, new Numbers<>(DataType.FLOAT32, count, numbers::apply));
  }

  /** The same features with {@code count} classes as labels. */
  public Encoding<T> withClasses(int count, Function<T, int[]> classes) {
    return new Encoding<>(features, new Numbers<>(DataType.INT32, count, classes::apply));
  }

  /**
   * What the network's program takes of records, one row after the other.
   *
   * @throws EngineException USER_CODE where a function makes something else than it says
   */
  public MemorySegment rows(List<? extends T> records) {
    RowWriter<T> writer = new RowWriter<>(this);
    int numbers = Math.multiplyExact(records.size(), width());
    MemorySegment rows =
        inputType() == DataType.INT32
            ? MemorySegment.ofArray(new int[numbers])
            : MemorySegment.ofArray(new float[numbers]);
    MemorySegment row = MemorySegment.ofArray(new int[(features.bytes() + 3) / 4]);
    for (int i = 0; i < records.size(); i++) {
      writer.writeFeatures(records.get(i), row);
      writer.readFeatures(row, rows, i);
    }
    return rows;
  }

  /** Numbers that the network takes of a record. */
  public int width() {
    return features.count();
  }

  /** Labels of a record. */
  public int labelWidth() {
    return labels.count();
  }

  /** Bytes of a row of the sample log. */
  public int rowBytes() {
    return labelOffset() + labels.bytes();
  }

  /** The type that the network sees: bytes are widened to floats. */
  DataType inputType() {
    return features.type() == DataType.INT32 ? DataType.INT32 : DataType.FLOAT32;
  }

  int labelOffset() {
    return (features.bytes() + 3) & ~3;
  }

  private static <T> Numbers<T> one(ToDoubleFunction<T> label) {
    return new Numbers<>(
        DataType.FLOAT32, 1, value -> new float[] {(float) label.applyAsDouble(value)});
  }

  private static void require(boolean condition, String sentence) {
    if (!condition) {
      throw new EngineException(ErrorCode.INVALID_ARGUMENT, sentence);
    }
  }
}
