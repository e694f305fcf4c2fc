package io.tidemill.state;

import io.tidemill.codec.ByteReader;
import io.tidemill.codec.ByteWriter;
import io.tidemill.codec.Codec;
import io.tidemill.codec.KeyGroupRange;
import io.tidemill.codec.KeyHasher;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * All keyed state and timers of one parallel instance of an operator.
 *
 * <p>Confined to its task's thread. First the operator declares its states, then the task restores,
 * then each record or timer selects its key, and the handles read and write under that key. State
 * is reachable only through these handles, so all of it is in every snapshot (design, section 6).
 *
 * <p>Keys are heap objects found by {@code equals}; they must not be changed afterwards.
 *
 * @param <K> type of the keys
 */
public final class KeyedStateStore<K> {
  private final String where;
  private final Codec<K> keyCodec;
  private final KeyGroupRange range;
  private final KeyHasher<K> hasher;
  private final CurrentKey current;
  private final Map<String, StateTable<?>> tables = new TreeMap<>();
  private final TimerQueue<K> timers;

  /**
   * An empty store.
   *
   * @param where whose state it is, for errors: {@code operator card-features}
   * @param keyCodec codec of the keys; arrays have no equality and are refused
   * @param range key groups of this instance; see {@code KeyGroups.rangeOf}
   */
  public KeyedStateStore(String where, Codec<K> keyCodec, KeyGroupRange range) {
    if (keyCodec.schema().contains("[]")) {
      throw new EngineException(
          ErrorCode.INVALID_ARGUMENT,
          where
              + ": a key cannot hold an array, because arrays are never equal to one another: key="
              + keyCodec.schema());
    }
    this.where = where;
    this.keyCodec = keyCodec;
    this.range = range;
    hasher = new KeyHasher<>(keyCodec);
    current = new CurrentKey(where);
    timers = new TimerQueue<>(keyCodec, hasher, current);
  }

  /** Declares a state of one value per key. */
  public <T> ValueState<T> value(String name, Codec<T> codec) {
    return new ValueState<>(declare(name, StateDescriptor.Kind.VALUE, codec));
  }

  /** Declares a state of one queue per key. */
  public <T> ListState<T> list(String name, Codec<T> codec) {
    return new ListState<>(declare(name, StateDescriptor.Kind.LIST, new Ring.RingCodec<>(codec)));
  }

  /** Declares a state of one map per key. */
  public <A, B> MapState<A, B> map(String name, Codec<A> keys, Codec<B> values) {
    return new MapState<>(
        declare(name, StateDescriptor.Kind.MAP, new MapCellCodec<>(keys, values)));
  }

  /** The timers of this operator; always there. */
  public TimerQueue<K> timers() {
    return timers;
  }

  /** What has been declared, by name. */
  public List<StateDescriptor> descriptors() {
    return tables.values().stream().<StateDescriptor>map(StateTable::descriptor).toList();
  }

  /** Makes {@code key} the one that the handles read and write under. */
  public void select(K key) {
    current.select(key);
  }

  /** Runs {@code task} with {@code key} selected; what it writes is gone when it ends. */
  public void attempt(K key, Runnable task) {
    current.beginTrial(key);
    try {
      task.run();
    } finally {
      current.endTrial();
    }
  }

  /** The selected key. */
  @SuppressWarnings("unchecked") // Only select() and the timers of this store set it.
  public K currentKey() {
    return (K) current.key();
  }

  /**
   * Appends all state and timers. Equal state gives equal bytes: states are sorted by name, keys by
   * key group and then by their encoded bytes.
   */
  public void snapshot(ByteWriter out) {
    new SnapshotWriter<>(keyCodec, hasher).write(tables.values(), timers, out);
  }

  /**
   * Fills this empty store from parts that any number of instances wrote, keeping the keys of its
   * own key groups.
   *
   * @throws EngineException INVALID_DATA where a state was stored with another schema or is not
   *     declared any more; CORRUPT_STATE where the bytes make no sense
   */
  public void restore(Collection<byte[]> parts) {
    restore(parts, range);
  }

  /**
   * As {@link #restore(Collection)}, for a store that was made before its key groups were known.
   */
  public void restore(Collection<byte[]> parts, KeyGroupRange owned) {
    for (byte[] part : parts) {
      new SnapshotReader<>(where, keyCodec, owned).read(new ByteReader(part), tables, timers);
    }
  }

  private <C> StateTable<C> declare(String name, StateDescriptor.Kind kind, Codec<C> codec) {
    StateTable<C> table =
        new StateTable<>(new StateDescriptor(name, kind, codec.schema()), codec, current);
    if (tables.putIfAbsent(name, table) != null) {
      throw new EngineException(
          ErrorCode.INVALID_ARGUMENT,
          where + ": two states are called " + name + "; give each its own name");
    }
    return table;
  }
}
