package io.tidemill.codec;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** A list: its length, then its elements. Decoded lists cannot be changed. */
record ListCodec<T>(Codec<T> element) implements Codec<List<T>> {
  @Override
  public void encode(List<T> values, ByteWriter out) {
    out.writeVarInt(values.size());
    for (int i = 0; i < values.size(); i++) {
      T value = values.get(i);
      if (value == null) {
        throw new EngineException(
            ErrorCode.INVALID_DATA,
            "element " + i + " of a list of " + element.schema() + " is null; use Optional");
      }
      element.encode(value, out);
    }
  }

  @Override
  public List<T> decode(ByteReader in) {
    int size = in.readVarInt();
    List<T> values = new ArrayList<>(Math.clamp(size, 0, in.remaining()));
    for (int i = 0; i != size; i++) {
      values.add(element.decode(in));
    }
    return Collections.unmodifiableList(values);
  }

  @Override
  public String schema() {
    return "list<" + element.schema() + ">";
  }
}
