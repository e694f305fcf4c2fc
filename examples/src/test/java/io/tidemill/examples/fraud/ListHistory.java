package io.tidemill.examples.fraud;

import java.util.ArrayDeque;
import java.util.Iterator;

/** A history in memory. */
final class ListHistory<E> implements History<E> {
  private final ArrayDeque<E> events = new ArrayDeque<>();

  @Override
  public void add(E event) {
    events.addLast(event);
  }

  @Override
  public E first() {
    return events.getFirst();
  }

  @Override
  public void removeFirst() {
    events.removeFirst();
  }

  @Override
  public boolean isEmpty() {
    return events.isEmpty();
  }

  @Override
  public Iterator<E> iterator() {
    return events.iterator();
  }

  int size() {
    return events.size();
  }
}
