package io.tidemill.dsl;

import io.tidemill.codec.Codec;
import io.tidemill.codec.Codecs;
import io.tidemill.graph.Exchange;
import io.tidemill.graph.Vertex.Input;
import io.tidemill.operator.KeyedOperator;
import io.tidemill.operator.KeyedProcess;
import java.util.List;
import java.util.function.Function;
import java.util.function.Supplier;

/** A stream whose records are spread over tasks by their key. */
public final class KeyedStream<K, T> {
  private final Stream<T> stream;
  private final Codec<K> codec;
  private final Function<T, K> key;
  private final String id;

  KeyedStream(Stream<T> stream, String id, Class<K> type, Function<T, K> key) {
    this.stream = stream;
    this.id = id;
    this.codec = Codecs.of(type, "key of " + id);
    this.key = key;
  }

  /**
   * Processes the records with state and timers of their key.
   *
   * @param process makes a fresh instance for each task, for example {@code CardFeatures::new}
   */
  public <O> Stream<O> process(String id, Supplier<? extends KeyedProcess<K, T, O>> process) {
    Class<?> userClass = process.get().getClass();
    Class<O> type =
        Pipeline.typed(
            LambdaTypes.argumentOf(userClass, KeyedProcess.class, 2, "process " + id));
    return stream.then(
        id,
        type,
        () -> new KeyedOperator<>(process.get(), key, codec),
        "process " + userClass.getName(),
        List.of(new Input(stream.pipeline.vertex(stream.index), exchange())));
  }

  @SuppressWarnings("unchecked") // edges carry objects
  private Exchange exchange() {
    return new Exchange.Keyed(id, (Function<Object, Object>) key, (Codec<Object>) codec);
  }
}
