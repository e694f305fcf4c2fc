package io.tidemill.state;

import io.tidemill.codec.Codec;
import java.util.HashMap;
import java.util.Map;
import java.util.function.BiConsumer;

/**
 * The cells of one state by key.
 *
 * @param <C> what is held per key; an empty cell is removed, so that equal state gives equal bytes
 */
final class StateTable<C> {
  private final StateDescriptor descriptor;
  private final Codec<C> codec;
  private final CurrentKey current;
  private final Map<Object, C> cells = new HashMap<>();

  StateTable(StateDescriptor descriptor, Codec<C> codec, CurrentKey current) {
    this.descriptor = descriptor;
    this.codec = codec;
    this.current = current;
  }

  StateDescriptor descriptor() {
    return descriptor;
  }

  Codec<C> codec() {
    return codec;
  }

  int size() {
    return cells.size();
  }

  /** The cell of the current key, or null; never seen outside of this package. */
  C cell() {
    return cells.get(current.key());
  }

  void put(C cell) {
    cells.put(current.key(), cell);
  }

  void remove() {
    cells.remove(current.key());
  }

  void forEach(BiConsumer<Object, C> visitor) {
    cells.forEach(visitor);
  }

  /** Adds a restored cell; false where the key has one already. */
  boolean restore(Object key, C cell) {
    return cells.putIfAbsent(key, cell) == null;
  }
}
