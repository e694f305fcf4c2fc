package io.tidemill.state;

import io.tidemill.codec.ByteReader;
import io.tidemill.codec.ByteWriter;
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

  /** The cell of the current key, looked up once for each selection. */
  private C cell;

  private long cellOf = -1;

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
    if (cellOf != current.selections()) {
      cell = cells.get(current.key());
      if (cell != null && current.isTrial()) {
        cell = copy(cell);
      }
      cellOf = current.selections();
    }
    return cell;
  }

  void put(C replacement) {
    if (!current.isTrial()) {
      cells.put(current.key(), replacement);
    }
    cell = replacement;
    cellOf = current.selections();
  }

  void remove() {
    if (!current.isTrial()) {
      cells.remove(current.key());
    }
    cell = null;
    cellOf = current.selections();
  }

  /** Lists and maps are changed in place; a value is replaced. */
  private C copy(C original) {
    if (descriptor.kind() == StateDescriptor.Kind.VALUE) {
      return original;
    }
    ByteWriter bytes = new ByteWriter();
    codec.encode(original, bytes);
    return codec.decode(new ByteReader(bytes.toByteArray()));
  }

  void forEach(BiConsumer<Object, C> visitor) {
    cells.forEach(visitor);
  }

  /** Adds a restored cell; false where the key has one already. */
  boolean restore(Object key, C cell) {
    return cells.putIfAbsent(key, cell) == null;
  }
}
