package io.tidemill.codec;

/**
 * How values of one type become bytes and values again.
 *
 * <p>A codec has no state of its own, so threads may share it; the writer and the reader are
 * confined to the caller. Equal values give equal bytes, because keys are hashed by their bytes and
 * equal state must give equal snapshots.
 *
 * @param <T> type of the values
 */
public interface Codec<T> {
  /** Appends {@code value}, which is not null. */
  void encode(T value, ByteWriter out);

  /** Reads one value from where the reader stands, and leaves the reader behind it. */
  T decode(ByteReader in);

  /**
   * Names and types of all fields as text, for fingerprints: two codecs with one schema read each
   * other's bytes.
   */
  String schema();
}
