package io.tidemill.dsl;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
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
  private final Class<K> type;
  private final Function<T, K> key;
  private final String id;

  KeyedStream(Stream<T> stream, String id, Class<K> type, Function<T, K> key) {
    this.stream = stream;
    this.id = id;
    this.type = type;
    this.key = key;
  }

  /**
   * Processes the records with state and timers of their key.
   *
   * @param process makes a fresh instance for each task, for example {@code CardFeatures::new}
   */
  public <O> Stream<O> process(String id, Supplier<? extends KeyedProcess<K, T, O>> process) {
    KeyedProcess<K, T, O> sample = process.get();
    if (sample.keyType() != type) {
      throw new EngineException(
          ErrorCode.INVALID_ARGUMENT,
          "process "
              + id
              + " has keys of another type than keyBy "
              + this.id
              + ": expected "
              + type.getName()
              + ", found "
              + sample.keyType().getName());
    }
    return stream.then(
        id,
        Pipeline.<O>typed(sample.outputType()),
        () -> new KeyedOperator<>(process.get(), key),
        "process " + sample.getClass().getName(),
        List.of(new Input(stream.pipeline.vertex(stream.index), exchange())));
  }

  @SuppressWarnings("unchecked") // edges carry objects
  private Exchange exchange() {
    return new Exchange.Keyed(
        id, (Function<Object, Object>) key, Pipeline.codec(type, id).orElseThrow());
  }
}
