package io.tidemill.connector;

/**
 * Where the records of a stream go, each exactly once.
 *
 * <p>Immutable; opened by the one task that writes.
 *
 * @param <T> the record type
 */
public interface Sink<T> {

  /**
   * Opens the sink where a checkpoint left it.
   *
   * @param state what {@link SinkWriter#prepare} gave for that checkpoint; empty for a new job
   */
  SinkWriter<T> open(byte[] state);

  /** Refuses, before a job starts, a target that cannot be written. */
  default void check() {}
}
