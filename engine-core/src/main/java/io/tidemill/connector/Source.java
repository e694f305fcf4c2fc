package io.tidemill.connector;

import java.util.List;
import java.util.OptionalLong;

/**
 * Where the records of a stream come from.
 *
 * <p>Immutable and shared by threads. A source is cut into splits; each is read in a fixed order by
 * one task at a time, so that (split, offset) names a record for ever: a split that is opened twice
 * gives the same records. That is what resuming a job rests on.
 *
 * @param <T> the record type
 */
public interface Source<T> {

  /** The class of the records, from which their codec is made. */
  Class<T> type();

  /** Stable, distinct names of the splits, at least one. */
  List<String> splits();

  /** Whether every split ends. */
  boolean isBounded();

  /**
   * Opens one split, positioned after its first {@code offset} records.
   *
   * <p>May block; called on the thread that will read it. Fails with {@code NOT_FOUND} or {@code
   * INVALID_DATA} where the split cannot be read or has fewer records than {@code offset}.
   */
  SplitReader<T> open(String split, long offset);

  /**
   * Refuses, before a job starts, what can be seen to be wrong: a missing file, another format.
   *
   * <p>May block for a moment. Fails with {@code NOT_FOUND} or {@code INVALID_DATA}.
   */
  default void check() {}

  /** About how many records all splits hold together, for progress; empty where unknown. */
  default OptionalLong estimatedRecords() {
    return OptionalLong.empty();
  }
}
