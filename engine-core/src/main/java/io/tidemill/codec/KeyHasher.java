package io.tidemill.codec;

/**
 * Hashes keys of one type by their encoded bytes, without allocating.
 *
 * <p>Confined to one thread: it reuses one buffer.
 *
 * @param <K> type of the keys
 */
public final class KeyHasher<K> {
  private static final String INT_SCHEMA = "int";
  private static final String LONG_SCHEMA = "long";

  private final Codec<K> codec;
  private final boolean whole;
  private final ByteWriter buffer = new ByteWriter(64);

  public KeyHasher(Codec<K> codec) {
    this.codec = codec;
    whole = codec.schema().equals(INT_SCHEMA) || codec.schema().equals(LONG_SCHEMA);
  }

  /** The 64-bit hash of the key; {@link KeyGroups#ofHash} gives its group. */
  public long hash(K key) {
    if (whole) {
      return key instanceof Integer number
          ? KeyGroups.hash(number.intValue())
          : KeyGroups.hash(((Long) key).longValue());
    }
    buffer.clear();
    codec.encode(key, buffer);
    return KeyGroups.hash(buffer.array(), 0, buffer.size());
  }

  /** The key group of the key. */
  public int group(K key) {
    return KeyGroups.ofHash(hash(key));
  }
}
