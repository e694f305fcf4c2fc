package io.tidemill.state;

import io.tidemill.codec.ByteWriter;
import io.tidemill.codec.Codec;
import io.tidemill.codec.KeyGroups;
import io.tidemill.codec.KeyHasher;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;

/**
 * Writes the state of one store.
 *
 * <pre>
 * "TMST" | version 1 (byte) | key schema (string)
 * number of states (varint), by name, each:
 *   name | kind | schema (strings) | number of keys (varint), by group and encoded key, each:
 *     key group (short) | bytes of the key (varint) | key | bytes of the cell (int) | cell
 * number of timers (varint), by group and firing order, each:
 *   hash of the key (long) | time in ms (long) | key
 * </pre>
 */
final class SnapshotWriter<K> {
  static final int MAGIC = 0x54534d54; // "TMST" read as a little-endian int.
  static final int VERSION = 1;

  @SuppressWarnings("ArrayRecordComponent") // Never compared: lives while one table is sorted.
  private record Entry<C>(int group, byte[] key, C cell) {}

  private static final Comparator<Entry<?>> ORDER =
      Comparator.<Entry<?>>comparingInt(Entry::group)
          .thenComparing(Entry::key, Arrays::compareUnsigned);

  private final Codec<K> keyCodec;
  private final KeyHasher<K> hasher;
  private final ByteWriter keyBytes = new ByteWriter(64);

  SnapshotWriter(Codec<K> keyCodec, KeyHasher<K> hasher) {
    this.keyCodec = keyCodec;
    this.hasher = hasher;
  }

  void write(Collection<StateTable<?>> tables, TimerQueue<K> timers, ByteWriter out) {
    out.writeInt(MAGIC);
    out.writeByte(VERSION);
    out.writeString(keyCodec.schema());
    out.writeVarInt(tables.size());
    for (StateTable<?> table : tables) {
      writeTable(table, out);
    }
    timers.snapshot(out);
  }

  private <C> void writeTable(StateTable<C> table, ByteWriter out) {
    out.writeString(table.descriptor().name());
    out.writeString(table.descriptor().kind().name());
    out.writeString(table.descriptor().schema());
    out.writeVarInt(table.size());
    for (Entry<C> entry : sorted(table)) {
      out.writeShort(entry.group());
      out.writeVarInt(entry.key().length);
      out.writeBytes(entry.key());
      int lengthAt = out.size();
      out.writeInt(0);
      table.codec().encode(entry.cell(), out);
      out.putInt(lengthAt, out.size() - lengthAt - Integer.BYTES);
    }
  }

  @SuppressWarnings("unchecked") // A store's tables are keyed by K.
  private <C> List<Entry<C>> sorted(StateTable<C> table) {
    List<Entry<C>> entries = new ArrayList<>(table.size());
    table.forEach(
        (key, cell) -> {
          keyBytes.clear();
          keyCodec.encode((K) key, keyBytes);
          entries.add(
              new Entry<>(KeyGroups.ofHash(hasher.hash((K) key)), keyBytes.toByteArray(), cell));
        });
    entries.sort(ORDER);
    return entries;
  }
}
