package io.tidemill.dsl;

import io.tidemill.connector.Sink;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.graph.DataflowGraph;
import io.tidemill.graph.Exchange;
import io.tidemill.graph.Role;
import io.tidemill.graph.Vertex.Input;
import io.tidemill.operator.FilterOperator;
import io.tidemill.operator.FlatMapOperator;
import io.tidemill.operator.MapOperator;
import io.tidemill.operator.Operator;
import io.tidemill.operator.PassOperator;
import io.tidemill.train.Training;
import java.io.Serializable;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;

/**
 * A typed edge of the pipeline. Each method adds a step and returns what comes out of it.
 *
 * @param <T> the records: records, sealed interfaces and what else has a codec
 */
public sealed class Stream<T> permits SourceStream {
  final Pipeline pipeline;
  final int index;

  Stream(Pipeline pipeline, int index) {
    this.pipeline = pipeline;
    this.index = index;
  }

  /** A function whose result type can be found out. */
  @FunctionalInterface
  public interface MapFunction<I, O> extends Function<I, O>, Serializable {}

  /** One record for one record. */
  public <O> Stream<O> map(String id, MapFunction<T, O> function) {
    return map(id, Pipeline.<O>typed(LambdaTypes.resultOf(function, "map " + id)), function);
  }

  /** One record for one record, where the type cannot be told from the function. */
  public <O> Stream<O> map(String id, Class<O> type, Function<T, O> function) {
    return then(id, type, () -> new MapOperator<>(function), "map");
  }

  /** The records that fulfil a condition. */
  public Stream<T> filter(String id, Predicate<T> condition) {
    pipeline.claim(id);
    Role role = new Role.Transforms(() -> new FilterOperator<>(condition));
    return new Stream<>(
        pipeline, pipeline.add(id, role, forward(), pipeline.vertex(index).output(), "filter"));
  }

  /** Any number of records for one record. */
  public <O> Stream<O> flatMap(
      String id, Class<O> type, Function<T, ? extends Iterable<O>> function) {
    return then(id, type, () -> new FlatMapOperator<>(function), "flatMap");
  }

  /** The records of this stream and of another, merged by the order of the job. */
  public Stream<T> union(String id, Stream<T> other) {
    pipeline.claim(id);
    List<Input> inputs = List.of(gather(this), gather(other));
    return new Stream<>(
        pipeline,
        pipeline.add(
            id,
            new Role.Transforms(PassOperator::new),
            inputs,
            pipeline.vertex(index).output(),
            "union"));
  }

  /** Spreads the records by key: those of one key are processed in order by one task. */
  public <K> KeyedStream<K, T> keyBy(String id, MapFunction<T, K> key) {
    Class<K> type = Pipeline.typed(LambdaTypes.resultOf(key, "keyBy " + id));
    return keyBy(id, type, key);
  }

  /** As {@link #keyBy(String, MapFunction)}, where the type cannot be told from the function. */
  public <K> KeyedStream<K, T> keyBy(String id, Class<K> type, Function<T, K> key) {
    return new KeyedStream<>(this, pipeline.claim(id), type, key);
  }

  /**
   * Writes the records, exactly once, in the order of the job; {@link Sink#check} has passed when
   * this returns.
   */
  public void sink(String id, Sink<T> sink) {
    pipeline.claim(id);
    sink.check();
    pipeline.add(
        id,
        new Role.Writes(sink),
        List.of(gather(this)),
        Optional.empty(),
        "sink " + sink.getClass().getName());
  }

  /**
   * Trains a network on the records. Two parameters of the job overrule what is declared: {@code
   * nonfinite=stop|skip|rollback} ({@link Training#onNonFinite}) and {@code precision=float32|bf16}
   * ({@link Training#precision}).
   */
  public Model<T> train(String id, Training<T> declared) {
    pipeline.claim(id);
    Training<T> training = pipeline.asAsked(declared);
    training.program(); // shapes and types are checked now, at submission
    if (!DataflowGraph.isBounded(pipeline.vertex(index))
        && (training.shuffled() || training.epochs() > 1 || training.needsTotal())) {
      throw new EngineException(
          ErrorCode.INVALID_ARGUMENT,
          "training "
              + id
              + " reads a stream without end: expected one epoch in order of arrival, and steps"
              + " with a schedule, found epochs="
              + training.epochs()
              + " shuffled="
              + training.shuffled());
    }
    int trained =
        pipeline.add(
            id,
            new Role.Trains(training),
            List.of(gather(this)),
            Optional.empty(),
            "train " + training.describe());
    return new Model<>(pipeline, trained, training);
  }

  /**
   * Answers single records from outside, {@code POST /pipelines/{job}/{id}}: a record as the source
   * of this stream reads them passes the operators between that source and this stream, with the
   * keyed state that they have at that moment, and {@code model} answers for what comes out. It
   * changes nothing of the job.
   */
  public void endpoint(String id, Model<T> model) {
    pipeline.add(new Pipeline.Declared(pipeline.claim(id), index, model.index(), model.training()));
  }

  <O> Stream<O> then(String id, Class<O> type, Supplier<Operator> operator, String what) {
    return then(id, type, operator, what, forward());
  }

  <O> Stream<O> then(
      String id, Class<O> type, Supplier<Operator> operator, String what, List<Input> inputs) {
    pipeline.claim(id);
    return new Stream<>(
        pipeline,
        pipeline.add(id, new Role.Transforms(operator), inputs, Pipeline.codec(type, id), what));
  }

  static Input gather(Stream<?> stream) {
    return new Input(stream.pipeline.vertex(stream.index), new Exchange.Gather());
  }

  private List<Input> forward() {
    return List.of(new Input(pipeline.vertex(index), new Exchange.Forward()));
  }
}
