package io.tidemill.state;

import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.function.Consumer;

/**
 * A queue per key: elements join at the end and leave at the front.
 *
 * <p>Confined to its task's thread; reads and writes under the key that the store has selected.
 * Neither reading by index nor {@link #forEach} allocates.
 *
 * @param <T> type of the elements
 */
public final class ListState<T> {
  private final StateTable<Ring<T>> table;

  ListState(StateTable<Ring<T>> table) {
    this.table = table;
  }

  public int size() {
    Ring<T> ring = table.cell();
    return ring == null ? 0 : ring.size();
  }

  public boolean isEmpty() {
    return table.cell() == null;
  }

  /** Appends as the newest. */
  public void add(T element) {
    Objects.requireNonNull(element, "an element of a list state");
    Ring<T> ring = table.cell();
    if (ring == null) {
      ring = new Ring<>();
      table.put(ring);
    }
    ring.add(element);
  }

  /** The element at {@code index}, 0 being the oldest. */
  public T get(int index) {
    return present().get(index);
  }

  /** The oldest element; an error where there is none. */
  public T first() {
    return present().get(0);
  }

  /** The newest element; an error where there is none. */
  public T last() {
    Ring<T> ring = present();
    return ring.get(ring.size() - 1);
  }

  /** Removes the oldest element and returns it; an error where there is none. */
  public T removeFirst() {
    Ring<T> ring = present();
    T first = ring.removeFirst();
    if (ring.size() == 0) {
      table.remove();
    }
    return first;
  }

  /** Visits all elements, oldest first; the visitor must not change the list. */
  public void forEach(Consumer<? super T> visitor) {
    Ring<T> ring = table.cell();
    int size = ring == null ? 0 : ring.size();
    for (int i = 0; i < size; i++) {
      visitor.accept(ring.get(i));
    }
  }

  public void clear() {
    table.remove();
  }

  private Ring<T> present() {
    Ring<T> ring = table.cell();
    if (ring == null) {
      throw new NoSuchElementException("list state " + table.descriptor().name() + " is empty");
    }
    return ring;
  }
}
