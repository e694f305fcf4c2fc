package io.tidemill.examples.fraud;

import io.tidemill.state.ListState;
import java.util.Iterator;
import java.util.NoSuchElementException;

/** A history that the engine keeps, for the card or terminal of the current record. */
record StateHistory<E>(ListState<E> state) implements History<E> {
  @Override
  public void add(E event) {
    state.add(event);
  }

  @Override
  public E first() {
    return state.first();
  }

  @Override
  public void removeFirst() {
    state.removeFirst();
  }

  @Override
  public boolean isEmpty() {
    return state.isEmpty();
  }

  @Override
  public Iterator<E> iterator() {
    return new Iterator<>() {
      private int next;

      @Override
      public boolean hasNext() {
        return next < state.size();
      }

      @Override
      public E next() {
        if (!hasNext()) {
          throw new NoSuchElementException();
        }
        return state.get(next++);
      }
    };
  }
}
