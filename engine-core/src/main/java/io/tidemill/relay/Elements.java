package io.tidemill.relay;

import io.tidemill.channel.Channel;
import io.tidemill.channel.Element;
import io.tidemill.channel.Element.Barrier;
import io.tidemill.channel.Element.End;
import io.tidemill.channel.Element.Item;
import io.tidemill.channel.OrderKey;
import io.tidemill.codec.ByteReader;
import io.tidemill.codec.ByteWriter;
import io.tidemill.codec.Codec;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;

/** What goes along a channel, as bytes: a byte that says what it is, and that. */
final class Elements {
  private static final int ITEM = 1;
  private static final int BARRIER = 2;
  private static final int END = 3;
  private static final int FRONTIER = 4;

  private Elements() {}

  static void write(Element element, Codec<Object> codec, ByteWriter out) {
    switch (element) {
      case Item(OrderKey key, Object value) -> {
        out.writeByte(ITEM);
        writeKey(key, out);
        codec.encode(value, out);
      }
      case Barrier(long checkpoint, OrderKey frontier) -> {
        out.writeByte(BARRIER);
        out.writeLong(checkpoint);
        writeKey(frontier, out);
      }
      case End _ -> out.writeByte(END);
    }
  }

  static void writeFrontier(OrderKey frontier, ByteWriter out) {
    out.writeByte(FRONTIER);
    writeKey(frontier, out);
  }

  /** Reads one and puts it where it belongs. */
  static void read(ByteReader in, Codec<Object> codec, Channel to) {
    int kind = in.readByte();
    switch (kind) {
      case ITEM -> offer(new Item(readKey(in), codec.decode(in)), to);
      case BARRIER -> offer(new Barrier(in.readLong(), readKey(in)), to);
      case END -> offer(new End(), to);
      case FRONTIER -> to.advance(readKey(in));
      default ->
          throw new EngineException(ErrorCode.INTERNAL, "an element is of unknown kind " + kind);
    }
  }

  private static void offer(Element element, Channel to) {
    if (!to.offer(element)) {
      throw new EngineException(
          ErrorCode.INTERNAL, "more was sent than the " + to.capacity() + " that were asked for");
    }
  }

  private static void writeKey(OrderKey key, ByteWriter out) {
    out.writeLong(key.time());
    out.writeInt(key.split());
    out.writeLong(key.offset());
    out.writeLong(key.path());
  }

  private static OrderKey readKey(ByteReader in) {
    return new OrderKey(in.readLong(), in.readInt(), in.readLong(), in.readLong());
  }
}
