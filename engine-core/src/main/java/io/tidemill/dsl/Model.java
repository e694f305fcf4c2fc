package io.tidemill.dsl;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.graph.DataflowGraph;
import io.tidemill.graph.Exchange;
import io.tidemill.graph.Role;
import io.tidemill.graph.Vertex.Input;
import io.tidemill.metric.Metric;
import io.tidemill.train.Predictor;
import io.tidemill.train.Publishing;
import io.tidemill.train.Training;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;

/** What a training makes: it can be measured and published. */
public final class Model<T> {
  private final Pipeline pipeline;
  private final int index;
  private final Training<T> training;

  Model(Pipeline pipeline, int index, Training<T> training) {
    this.pipeline = pipeline;
    this.index = index;
    this.training = training;
  }

  /** Measures the trained model on the records of a bounded stream, when training has ended. */
  @SafeVarargs
  public final Model<T> evaluate(String id, Stream<T> examples, Metric<? super T>... metrics) {
    pipeline.claim(id);
    if (metrics.length == 0) {
      throw new EngineException(
          ErrorCode.INVALID_ARGUMENT, "evaluate " + id + " has no metric; give at least one");
    }
    if (!DataflowGraph.isBounded(pipeline.vertex(examples.index))) {
      throw new EngineException(
          ErrorCode.INVALID_ARGUMENT,
          "evaluate " + id + " needs a stream that ends; bound its source");
    }
    List<Metric<?>> measured = new ArrayList<>();
    for (Metric<? super T> metric : metrics) {
      measured.add(metric);
    }
    String names = measured.stream().map(Metric::name).collect(Collectors.joining(",", "[", "]"));
    pipeline.add(
        id,
        new Role.Evaluates(training, measured),
        List.of(Stream.gather(examples), self()),
        Optional.empty(),
        "evaluate " + names);
    return this;
  }

  /**
   * Puts a text that is made with the trained model into the report of the job, when training has
   * ended: a sample of what it writes, say.
   *
   * @param id its name in the report, too
   */
  public Model<T> present(String id, Function<Predictor, String> text) {
    pipeline.claim(id);
    pipeline.add(
        id, new Role.Presents(training, text), List.of(self()), Optional.empty(), "present");
    return this;
  }

  /**
   * Publishes the trained weights as versions of a model, once the checkpoints that hold them are
   * committed: when training has ended or, where it has no end, every 30 seconds.
   *
   * @param model name in the model store
   * @param labels names of the classes, in the order of the outputs; may be empty
   */
  public Model<T> publish(String id, String model, List<String> labels) {
    boolean isEndless = training.steps() == 0 && !DataflowGraph.isBounded(pipeline.vertex(index));
    return publish(id, model, labels, Publishing.unlessSaid(isEndless));
  }

  /**
   * As above, as often as {@code declared} says. Two parameters of the job overrule it: {@code
   * publish-every=STEPS} and {@code keep-versions=N}.
   */
  public Model<T> publish(String id, String model, List<String> labels, Publishing declared) {
    pipeline.claim(id);
    pipeline.add(
        id,
        new Role.Publishes(model, List.copyOf(labels), pipeline.asAsked(declared)),
        List.of(self()),
        Optional.empty(),
        "publish " + model + " " + labels);
    return this;
  }

  int index() {
    return index;
  }

  Training<T> training() {
    return training;
  }

  private Input self() {
    return new Input(pipeline.vertex(index), new Exchange.Gather());
  }
}
