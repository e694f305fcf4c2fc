package io.tidemill.task;

import io.tidemill.channel.Element.Item;
import io.tidemill.channel.OrderKey;
import io.tidemill.codec.ByteReader;
import io.tidemill.codec.ByteWriter;
import io.tidemill.codec.Codec;
import io.tidemill.operator.StatePart;
import java.util.ArrayList;
import java.util.List;

/** Items on their way, as bytes: a count, then key and value of each. */
public final class HeldItems {
  private HeldItems() {}

  /** The kind of the part that holds what an inbox held back of an edge. */
  public static String kind(int edge) {
    return "held-" + edge;
  }

  static StatePart write(int edge, List<Item> items, Codec<Object> codec) {
    ByteWriter out = new ByteWriter();
    write(items, codec, out);
    return StatePart.of(kind(edge), out.toByteArray());
  }

  static void write(List<Item> items, Codec<Object> codec, ByteWriter out) {
    out.writeVarInt(items.size());
    for (Item item : items) {
      OrderKey key = item.key();
      out.writeLong(key.time());
      out.writeInt(key.split());
      out.writeLong(key.offset());
      out.writeLong(key.path());
      codec.encode(item.value(), out);
    }
  }

  /** Reads what {@link #write} wrote. */
  public static List<Item> read(ByteReader in, Codec<Object> codec) {
    int count = in.readVarInt();
    List<Item> items = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      OrderKey key = new OrderKey(in.readLong(), in.readInt(), in.readLong(), in.readLong());
      items.add(new Item(key, codec.decode(in)));
    }
    return items;
  }
}
