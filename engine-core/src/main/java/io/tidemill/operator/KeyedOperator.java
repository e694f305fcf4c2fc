package io.tidemill.operator;

import io.tidemill.channel.Element.Item;
import io.tidemill.channel.OrderKey;
import io.tidemill.codec.ByteWriter;
import io.tidemill.codec.KeyGroups;
import io.tidemill.codec.KeyHasher;
import java.util.List;
import java.util.function.Function;

/**
 * Drives a user's {@link KeyedProcess}: selects the key, fires timers, gives emissions their order.
 *
 * @param <K> key
 * @param <I> record that comes
 * @param <O> record that is emitted
 */
public final class KeyedOperator<K, I, O> implements Operator, KeyedProcess.Context<O> {
  private static final String KIND = "keyed";
  private static final int ALL_DUE = Integer.MAX_VALUE;

  private final KeyedProcess<K, I, O> process;
  private final Function<I, K> key;
  private final KeyHasher<K> hasher;
  private OperatorContext context;

  /** The last snapshot, while nothing has happened since. */
  private StatePart unchanged;

  private Output out;
  private OrderKey cause;
  private long timeMs;
  private int emitted;

  public KeyedOperator(KeyedProcess<K, I, O> process, Function<I, K> key) {
    this.process = process;
    this.key = key;
    this.hasher = new KeyHasher<>(process.keyCodec());
  }

  @Override
  public void open(OperatorContext operatorContext) {
    context = operatorContext;
  }

  @Override
  @SuppressWarnings("unchecked") // the DSL typed the edge
  public void process(Item item, Output output) {
    I record = (I) item.value();
    K selected = key.apply(record);
    process.store().select(selected);
    begin(item.key(), output);
    process.process(selected, record, this);
  }

  /**
   * On copies of the key's state, after the timers of the key that would fire before the item; what
   * those emit is dropped.
   */
  @Override
  @SuppressWarnings("unchecked") // the DSL typed the edge
  public void inquire(Item item, Output output) {
    I record = (I) item.value();
    K selected = key.apply(record);
    StatePart unchangedBefore = unchanged;
    OrderKey causeBefore = cause;
    int emittedBefore = emitted;
    try {
      process.store().attempt(selected, () -> attempt(selected, record, item.key(), output));
    } finally {
      unchanged = unchangedBefore;
      cause = causeBefore;
      emitted = emittedBefore;
    }
  }

  private void attempt(K selected, I record, OrderKey at, Output output) {
    for (long due : process.store().timers().due(at.time() - 1, selected)) {
      begin(OrderKey.ofTimer(due, context.vertex(), hasher.hash(selected)), _ -> {});
      process.onTimer(selected, due, this);
    }
    begin(at, output);
    process.process(selected, record, this);
  }

  /** Fires the timers before {@code frontier}: at its own time records may still come. */
  @Override
  public void advance(OrderKey frontier, Output output) {
    if (process.store().timers().nextTimeMs() >= frontier.time()) {
      return;
    }
    process
        .store()
        .timers()
        .fire(
            frontier.time() - 1,
            ALL_DUE,
            (due, owner) -> {
              begin(OrderKey.ofTimer(due, context.vertex(), hasher.hash(owner)), output);
              process.onTimer(owner, due, this);
            });
  }

  @Override
  public List<StatePart> snapshot(long checkpoint) {
    if (unchanged == null) {
      ByteWriter bytes = new ByteWriter();
      process.store().snapshot(bytes);
      unchanged = StatePart.of(KIND, bytes.toByteArray());
    }
    return List.of(unchanged);
  }

  @Override
  public void restore(RestoredState state) {
    process
        .store()
        .restore(state.bytes(KIND), KeyGroups.rangeOf(context.subtask(), context.parallelism()));
  }

  @Override
  public long timeMs() {
    return timeMs;
  }

  @Override
  public void emit(O value) {
    out.emit(new Item(cause.child(emitted++), value));
  }

  @Override
  public void registerTimer(long dueMs) {
    process.store().timers().register(Math.max(dueMs, timeMs), process.store().currentKey());
  }

  @Override
  public void deleteTimer(long dueMs) {
    process.store().timers().delete(dueMs, process.store().currentKey());
  }

  private void begin(OrderKey key, Output output) {
    unchanged = null;
    // A timer that was registered again for its own time goes on counting.
    emitted = key.equals(cause) ? emitted : 0;
    cause = key;
    timeMs = key.time();
    out = output;
  }
}
