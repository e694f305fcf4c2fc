package io.tidemill.codec;

import java.util.Optional;

/** An optional value: 0, or 1 and the value. */
record OptionalCodec<T>(Codec<T> value) implements Codec<Optional<T>> {
  @Override
  public void encode(Optional<T> optional, ByteWriter out) {
    out.writeBoolean(optional.isPresent());
    if (optional.isPresent()) {
      value.encode(optional.get(), out);
    }
  }

  @Override
  public Optional<T> decode(ByteReader in) {
    return in.readBoolean() ? Optional.of(value.decode(in)) : Optional.empty();
  }

  @Override
  public String schema() {
    return "optional<" + value.schema() + ">";
  }
}
