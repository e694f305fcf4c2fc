package io.tidemill.codec;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;

/**
 * A map: its size, then keys and values in the order of the keys' encoded bytes, so that equal maps
 * give equal bytes whatever their own order is. Decoded maps have that order and cannot be changed.
 */
record MapCodec<K, V>(Codec<K> key, Codec<V> value) implements Codec<Map<K, V>> {
  @Override
  public void encode(Map<K, V> map, ByteWriter out) {
    Map<byte[], V> sorted = new TreeMap<>(Arrays::compareUnsigned);
    ByteWriter keyBytes = new ByteWriter(32);
    map.forEach(
        (k, v) -> {
          if (k == null || v == null) {
            throw new EngineException(
                ErrorCode.INVALID_DATA,
                "entry " + k + "=" + v + " of a " + schema() + " has a null; use Optional");
          }
          keyBytes.clear();
          key.encode(k, keyBytes);
          sorted.put(keyBytes.toByteArray(), v);
        });
    out.writeVarInt(sorted.size());
    sorted.forEach(
        (k, v) -> {
          out.writeBytes(k);
          value.encode(v, out);
        });
  }

  @Override
  public Map<K, V> decode(ByteReader in) {
    int size = in.readVarInt();
    Map<K, V> map = new LinkedHashMap<>();
    for (int i = 0; i != size; i++) {
      K k = key.decode(in);
      map.put(k, value.decode(in));
    }
    return Collections.unmodifiableMap(map);
  }

  @Override
  public String schema() {
    return "map<" + key.schema() + "," + value.schema() + ">";
  }
}
