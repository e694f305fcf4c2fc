package io.tidemill.operator;

import io.tidemill.codec.Codec;
import io.tidemill.codec.Codecs;
import io.tidemill.codec.KeyGroupRange;
import io.tidemill.state.KeyedStateStore;
import io.tidemill.state.ListState;
import io.tidemill.state.MapState;
import io.tidemill.state.ValueState;
import java.lang.reflect.Type;

/**
 * What a user writes to process a keyed stream: state per key, and event-time timers.
 *
 * <p>State lives only in the handles that {@link #value}, {@link #list} and {@link #map} return;
 * declare them as fields. The runtime points them to the key of the current record, saves them with
 * every checkpoint and restores them, at whatever parallelism.
 *
 * <pre>{@code
 * final class Count extends KeyedProcess<String, Click, Long> {
 *   private final ValueState<Long> count = value("count", Long.class);
 *
 *   @Override
 *   public void process(String user, Click click, Context<Long> context) {
 *     count.set(count.orElse(0L) + 1);
 *     context.emit(count.orElse(0L));
 *   }
 * }
 * }</pre>
 *
 * <p>Threads: each task has an instance of its own and calls it from one thread.
 *
 * @param <K> key
 * @param <I> record that comes
 * @param <O> record that is emitted
 */
public abstract class KeyedProcess<K, I, O> {
  private final Codec<K> keyCodec = codec(TypeArguments.of(getClass(), 0), "key");
  private final KeyedStateStore<K> store =
      new KeyedStateStore<>(getClass().getSimpleName(), keyCodec, KeyGroupRange.ALL);

  /** State of one value per key. */
  protected final <T> ValueState<T> value(String name, Class<T> type) {
    return store.value(name, codec(type, name));
  }

  /** State of a queue of values per key, oldest first. */
  protected final <T> ListState<T> list(String name, Class<T> type) {
    return store.list(name, codec(type, name));
  }

  /** State of a map per key. */
  protected final <A, B> MapState<A, B> map(String name, Class<A> keys, Class<B> values) {
    return store.map(name, codec(keys, name), codec(values, name));
  }

  /** Takes a record, in the order of event time, split and offset. */
  public abstract void process(K key, I record, Context<O> context);

  /** A timer of {@code key} is due: every record up to {@code timeMs} has been processed. */
  public void onTimer(K key, long timeMs, Context<O> context) {}

  /** The class of the keys, as the type parameter K says. */
  public final Class<?> keyType() {
    return TypeArguments.of(getClass(), 0);
  }

  /** The class of the records that are emitted, as the type parameter O says. */
  public final Class<?> outputType() {
    return TypeArguments.of(getClass(), 2);
  }

  final KeyedStateStore<K> store() {
    return store;
  }

  final Codec<K> keyCodec() {
    return keyCodec;
  }

  @SuppressWarnings("unchecked") // a codec of a class makes values of that class
  private <T> Codec<T> codec(Type type, String name) {
    return (Codec<T>) Codecs.of(type, getClass().getSimpleName() + "." + name);
  }

  /** What a {@link KeyedProcess} may do beside its state; valid during the call only. */
  public interface Context<O> {
    /** Event time of the record or timer, milliseconds since the epoch. */
    long timeMs();

    /** Emits a record at this event time. */
    void emit(O value);

    /**
     * Calls {@link KeyedProcess#onTimer} once for this key when every record up to {@code timeMs}
     * has been processed; a time that has passed already counts as now.
     */
    void registerTimer(long timeMs);

    /** Takes {@link #registerTimer} back. */
    void deleteTimer(long timeMs);
  }
}
