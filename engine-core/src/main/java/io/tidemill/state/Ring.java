package io.tidemill.state;

import io.tidemill.codec.ByteReader;
import io.tidemill.codec.ByteWriter;
import io.tidemill.codec.Codec;

/** The cell of a list state: a growing ring of elements, oldest first. */
final class Ring<T> {
  private Object[] slots = new Object[4]; // A power of two, so that positions wrap by a mask.
  private int head;
  private int size;

  int size() {
    return size;
  }

  @SuppressWarnings("unchecked") // Only add() fills slots.
  T get(int index) {
    if (index < 0 || index >= size) {
      throw new IndexOutOfBoundsException("index=" + index + " size=" + size);
    }
    return (T) slots[(head + index) & (slots.length - 1)];
  }

  void add(T element) {
    if (size == slots.length) {
      grow();
    }
    slots[(head + size) & (slots.length - 1)] = element;
    size++;
  }

  T removeFirst() {
    T first = get(0);
    slots[head] = null;
    head = (head + 1) & (slots.length - 1);
    size--;
    return first;
  }

  private void grow() {
    Object[] grown = new Object[slots.length * 2];
    for (int i = 0; i < size; i++) {
      grown[i] = get(i);
    }
    slots = grown;
    head = 0;
  }

  /** The elements, oldest first, behind their number. */
  record RingCodec<T>(Codec<T> element) implements Codec<Ring<T>> {
    @Override
    public void encode(Ring<T> ring, ByteWriter out) {
      out.writeVarInt(ring.size);
      for (int i = 0; i < ring.size; i++) {
        element.encode(ring.get(i), out);
      }
    }

    @Override
    public Ring<T> decode(ByteReader in) {
      Ring<T> ring = new Ring<>();
      for (int left = in.readVarInt(); left != 0; left--) {
        ring.add(element.decode(in));
      }
      return ring;
    }

    @Override
    public String schema() {
      return element.schema();
    }
  }
}
