package io.tidemill.connector;

import java.io.IOException;

/**
 * Reads the records of one split in order.
 *
 * <p>Confined to the reader thread of one task; may block. Call {@link #advance} before each {@link
 * #current}.
 *
 * @param <T> the record type
 */
public interface SplitReader<T> extends AutoCloseable {

  /**
   * Moves to the next record.
   *
   * @return false at the end of a bounded split, and from then on
   * @throws IOException if the device fails; malformed data is an {@code EngineException} instead,
   *     naming the file and the place
   */
  boolean advance() throws IOException;

  /** The record that the last {@link #advance} moved to. */
  T current();

  /** Releases what is open; may be called again. */
  @Override
  void close();
}
