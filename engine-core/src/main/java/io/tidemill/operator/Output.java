package io.tidemill.operator;

import io.tidemill.channel.Element.Item;

/** Where an {@link Operator} puts what it makes. Never fails and never blocks. */
@FunctionalInterface
public interface Output {
  /** Takes one item; items of one operator come in the order of their keys. */
  void emit(Item item);
}
