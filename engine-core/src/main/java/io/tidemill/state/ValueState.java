package io.tidemill.state;

import java.util.Objects;
import java.util.Optional;

/**
 * One value per key.
 *
 * <p>Confined to its task's thread; reads and writes under the key that the store has selected. The
 * value should not be changed in place: set another.
 *
 * @param <T> type of the value
 */
public final class ValueState<T> {
  private final StateTable<T> table;

  ValueState(StateTable<T> table) {
    this.table = table;
  }

  public Optional<T> get() {
    return Optional.ofNullable(table.cell());
  }

  /** The value, or {@code absent} where there is none; does not allocate. */
  public T orElse(T absent) {
    T value = table.cell();
    return value == null ? absent : value;
  }

  public boolean isPresent() {
    return table.cell() != null;
  }

  public void set(T value) {
    table.put(Objects.requireNonNull(value, "a state's value; clear() removes it"));
  }

  public void clear() {
    table.remove();
  }
}
