package io.tidemill.connector;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.util.List;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.function.LongFunction;
import java.util.stream.IntStream;

/**
 * Records that a function of their index makes: samples drawn by a seeded generator.
 *
 * <p>Of {@code n} splits, split {@code k} has the indices {@code k, k + n, k + 2 n, …}.
 *
 * @param <T> the record type
 */
public final class GeneratedSource<T> implements Source<T> {
  private final Class<T> type;
  private final LongFunction<T> generator;
  private final OptionalLong records;
  private final int splits;

  private GeneratedSource(
      Class<T> type, LongFunction<T> generator, OptionalLong records, int splits) {
    if (splits < 1) {
      throw new EngineException(
          ErrorCode.INVALID_ARGUMENT, "a source needs at least one split, got " + splits);
    }
    this.type = Objects.requireNonNull(type);
    this.generator = Objects.requireNonNull(generator);
    this.records = records;
    this.splits = splits;
  }

  /** The records of the indices 0 to {@code records - 1}; the generator is a pure function. */
  public static <T> GeneratedSource<T> bounded(
      Class<T> type, LongFunction<T> generator, long records) {
    if (records < 0) {
      throw new EngineException(
          ErrorCode.INVALID_ARGUMENT, "the number of records is not negative, got " + records);
    }
    return new GeneratedSource<>(type, generator, OptionalLong.of(records), 1);
  }

  /** The records of all indices from 0 on; the generator is a pure function. */
  public static <T> GeneratedSource<T> unbounded(Class<T> type, LongFunction<T> generator) {
    return new GeneratedSource<>(type, generator, OptionalLong.empty(), 1);
  }

  /** The same records in so many splits. */
  public GeneratedSource<T> withSplits(int count) {
    return new GeneratedSource<>(type, generator, records, count);
  }

  @Override
  public Class<T> type() {
    return type;
  }

  @Override
  public List<String> splits() {
    return IntStream.range(0, splits).mapToObj(String::valueOf).toList();
  }

  @Override
  public boolean isBounded() {
    return records.isPresent();
  }

  @Override
  public SplitReader<T> open(String split, long offset) {
    int first = splits().indexOf(split);
    if (first < 0) {
      throw new EngineException(
          ErrorCode.NOT_FOUND, "unknown split: expected=" + splits() + " actual=" + split);
    }
    long start = first + offset * splits;
    if (start >= bound() + splits) {
      throw new EngineException(
          ErrorCode.INVALID_DATA,
          "split %s is shorter than the checkpoint's offset %,d: its source has %,d records"
              .formatted(split, offset, bound()));
    }
    return new Reader(start);
  }

  @Override
  public OptionalLong estimatedRecords() {
    return records;
  }

  private long bound() {
    return records.orElse(Long.MAX_VALUE - splits);
  }

  private final class Reader implements SplitReader<T> {
    private long next;
    private T current;

    private Reader(long next) {
      this.next = next;
    }

    @Override
    public boolean advance() {
      if (next >= bound()) {
        return false;
      }
      current = generator.apply(next);
      next += splits;
      return true;
    }

    @Override
    public T current() {
      return current;
    }

    @Override
    public void close() {}
  }
}
