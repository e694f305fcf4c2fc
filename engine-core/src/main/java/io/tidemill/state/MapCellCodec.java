package io.tidemill.state;

import io.tidemill.codec.ByteReader;
import io.tidemill.codec.ByteWriter;
import io.tidemill.codec.Codec;
import java.util.LinkedHashMap;
import java.util.Map;

/** The cell of a map state, in the order of insertion, which user code can observe. */
record MapCellCodec<A, B>(Codec<A> key, Codec<B> value) implements Codec<Map<A, B>> {
  @Override
  public void encode(Map<A, B> map, ByteWriter out) {
    out.writeVarInt(map.size());
    map.forEach(
        (k, v) -> {
          key.encode(k, out);
          value.encode(v, out);
        });
  }

  @Override
  public Map<A, B> decode(ByteReader in) {
    Map<A, B> map = new LinkedHashMap<>();
    for (int left = in.readVarInt(); left != 0; left--) {
      A k = key.decode(in);
      map.put(k, value.decode(in));
    }
    return map;
  }

  @Override
  public String schema() {
    return key.schema() + " to " + value.schema();
  }
}
