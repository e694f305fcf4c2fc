package io.tidemill.codec;

import java.util.function.BiConsumer;
import java.util.function.Function;

/** A codec without components. */
record LeafCodec<T>(String schema, BiConsumer<ByteWriter, T> writer, Function<ByteReader, T> reader)
    implements Codec<T> {

  @Override
  public void encode(T value, ByteWriter out) {
    writer.accept(out, value);
  }

  @Override
  public T decode(ByteReader in) {
    return reader.apply(in);
  }
}
