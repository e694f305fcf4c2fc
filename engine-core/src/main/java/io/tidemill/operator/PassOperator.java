package io.tidemill.operator;

import io.tidemill.channel.Element.Item;

/** Hands on what comes: the meeting point of a union. */
public record PassOperator() implements Operator {
  @Override
  public void process(Item item, Output out) {
    out.emit(item);
  }
}
