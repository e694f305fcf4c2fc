package io.tidemill.state;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.BiConsumer;

/**
 * A map per key.
 *
 * <p>Confined to its task's thread; reads and writes under the key that the store has selected.
 * Entries are visited in the order of their first insertion, before and after a restore, so that
 * what an operator computes from them does not depend on hash codes.
 *
 * @param <A> type of the map's own keys
 * @param <B> type of the values
 */
public final class MapState<A, B> {
  private final StateTable<Map<A, B>> table;

  MapState(StateTable<Map<A, B>> table) {
    this.table = table;
  }

  public Optional<B> get(A key) {
    Map<A, B> map = table.cell();
    return map == null ? Optional.empty() : Optional.ofNullable(map.get(key));
  }

  /** The value of {@code key}, or {@code absent} where there is none; does not allocate. */
  public B getOrElse(A key, B absent) {
    Map<A, B> map = table.cell();
    return map == null ? absent : map.getOrDefault(key, absent);
  }

  public void put(A key, B value) {
    Objects.requireNonNull(key, "a key of a map state");
    Objects.requireNonNull(value, "a value of a map state; remove() takes it out");
    Map<A, B> map = table.cell();
    if (map == null) {
      map = new LinkedHashMap<>();
      table.put(map);
    }
    map.put(key, value);
  }

  /** Removes the entry of {@code key}, if there is one. */
  public void remove(A key) {
    Map<A, B> map = table.cell();
    if (map != null) {
      map.remove(key);
      if (map.isEmpty()) {
        table.remove();
      }
    }
  }

  public int size() {
    Map<A, B> map = table.cell();
    return map == null ? 0 : map.size();
  }

  /** Visits all entries in the order of insertion; the visitor must not change the map. */
  public void forEach(BiConsumer<? super A, ? super B> visitor) {
    Map<A, B> map = table.cell();
    if (map != null) {
      map.forEach(visitor);
    }
  }

  public void clear() {
    table.remove();
  }
}
