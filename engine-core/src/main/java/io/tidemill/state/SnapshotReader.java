package io.tidemill.state;

import io.tidemill.codec.ByteReader;
import io.tidemill.codec.Codec;
import io.tidemill.codec.KeyGroupRange;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.util.Map;

/** Reads what {@link SnapshotWriter} wrote, keeping the keys of some key groups. */
final class SnapshotReader<K> {
  private final String where;
  private final Codec<K> keyCodec;
  private final KeyGroupRange range;

  SnapshotReader(String where, Codec<K> keyCodec, KeyGroupRange range) {
    this.where = where;
    this.keyCodec = keyCodec;
    this.range = range;
  }

  void read(ByteReader in, Map<String, StateTable<?>> tables, TimerQueue<K> timers) {
    checkHead(in);
    for (int left = in.readVarInt(); left != 0; left--) {
      StateTable<?> table = declared(in.readString(), tables);
      checkSchema(table.descriptor(), in.readString() + " of " + in.readString());
      readTable(in, table);
    }
    timers.restore(in, range);
    if (in.remaining() != 0) {
      throw corrupt(in.remaining() + " bytes are left over behind the timers");
    }
  }

  private void checkHead(ByteReader in) {
    if (in.readInt() != SnapshotWriter.MAGIC) {
      throw corrupt("it does not begin with TMST");
    }
    int version = in.readByte();
    if (version != SnapshotWriter.VERSION) {
      throw refused("has format " + version + "; this release reads " + SnapshotWriter.VERSION);
    }
    String schema = in.readString();
    if (!schema.equals(keyCodec.schema())) {
      throw refused(changed("has keys", schema, keyCodec.schema()));
    }
  }

  private StateTable<?> declared(String name, Map<String, StateTable<?>> tables) {
    StateTable<?> table = tables.get(name);
    if (table == null) {
      throw refused(
          "has a state "
              + name
              + ", which the operator does not declare; declared are "
              + tables.keySet());
    }
    return table;
  }

  private void checkSchema(StateDescriptor descriptor, String stored) {
    if (!stored.equals(descriptor.toString())) {
      throw refused(changed("has state " + descriptor.name(), stored, descriptor.toString()));
    }
  }

  private <C> void readTable(ByteReader in, StateTable<C> table) {
    for (int left = in.readVarInt(); left != 0; left--) {
      int group = in.readShort();
      int keyLength = in.readCount(1);
      if (!range.contains(group)) {
        in.skip(keyLength);
        in.skip(in.readInt());
        continue;
      }
      K key = keyCodec.decode(in);
      int end = in.readInt() + in.position();
      C cell = table.codec().decode(in);
      if (in.position() != end) {
        throw corrupt("a cell of " + table.descriptor().name() + " does not end where it says");
      }
      if (!table.restore(key, cell)) {
        throw corrupt("key " + key + " of " + table.descriptor().name() + " is stored twice");
      }
    }
  }

  private static String changed(String what, String stored, String declared) {
    return what
        + " as "
        + stored
        + " but the operator declares "
        + declared
        + "; restore with the code that wrote it, or start a new run";
  }

  private EngineException refused(String what) {
    return new EngineException(ErrorCode.INVALID_DATA, where + ": stored state " + what);
  }

  private EngineException corrupt(String what) {
    return new EngineException(
        ErrorCode.CORRUPT_STATE, where + ": stored state is damaged: " + what);
  }
}
