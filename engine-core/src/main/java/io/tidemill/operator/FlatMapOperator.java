package io.tidemill.operator;

import io.tidemill.channel.Element.Item;
import java.util.function.Function;

/** Any number of records for one record. */
public record FlatMapOperator<I, O>(Function<I, ? extends Iterable<O>> function)
    implements Operator {
  @Override
  @SuppressWarnings("unchecked") // the DSL typed the edge
  public void process(Item item, Output out) {
    int index = 0;
    for (O value : function.apply((I) item.value())) {
      out.emit(new Item(item.key().child(index++), value));
    }
  }
}
