package io.tidemill.codec;

/** Stands for a codec that is still being built, where a type refers to itself. */
final class LateCodec<T> implements Codec<T> {
  private final String name;
  private Codec<T> codec;

  LateCodec(String name) {
    this.name = name;
  }

  @SuppressWarnings("unchecked") // The factory resolves it with the codec of the same type.
  void resolve(Codec<?> built) {
    codec = (Codec<T>) built;
  }

  @Override
  public void encode(T value, ByteWriter out) {
    codec.encode(value, out);
  }

  @Override
  public T decode(ByteReader in) {
    return codec.decode(in);
  }

  /** The name alone: the schema around it already says what the name means. */
  @Override
  public String schema() {
    return name;
  }
}
