package io.tidemill.operator;

import io.tidemill.channel.Element.Item;
import java.util.function.Function;

/** One record for one record. */
public record MapOperator<I, O>(Function<I, O> function) implements Operator {
  @Override
  @SuppressWarnings("unchecked") // the DSL typed the edge
  public void process(Item item, Output out) {
    out.emit(new Item(item.key(), function.apply((I) item.value())));
  }
}
