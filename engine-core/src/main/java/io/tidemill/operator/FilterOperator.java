package io.tidemill.operator;

import io.tidemill.channel.Element.Item;
import java.util.function.Predicate;

/** Keeps the records that fulfil a condition. */
public record FilterOperator<T>(Predicate<T> condition) implements Operator {
  @Override
  @SuppressWarnings("unchecked") // the DSL typed the edge
  public void process(Item item, Output out) {
    if (condition.test((T) item.value())) {
      out.emit(item);
    }
  }
}
