package io.tidemill.graph;

import io.tidemill.connector.EventTime;
import io.tidemill.connector.Sink;
import io.tidemill.connector.Source;
import io.tidemill.metric.Metric;
import io.tidemill.operator.Operator;
import io.tidemill.train.Predictor;
import io.tidemill.train.Publishing;
import io.tidemill.train.Training;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;

/** What a vertex of the graph does. */
public sealed interface Role {
  /** Reads records; {@code eventTime} is absent where the order of the offsets is the only one. */
  record Reads(Source<?> source, Optional<EventTime<?>> eventTime) implements Role {}

  /** Makes records of records; each task gets an operator of its own. */
  record Transforms(Supplier<Operator> operator) implements Role {}

  /** Writes records. */
  record Writes(Sink<?> sink) implements Role {}

  /** Trains a network on records. */
  record Trains(Training<?> training) implements Role {}

  /** Measures a trained model on records; the model's vertex is the last input. */
  record Evaluates(Training<?> training, List<Metric<?>> metrics) implements Role {}

  /** Makes a text of a trained model, for people to read. */
  record Presents(Training<?> training, Function<Predictor, String> text) implements Role {}

  /** Makes committed weights of the one input, a training, versions of a model. */
  record Publishes(String model, List<String> labels, Publishing publishing) implements Role {}
}
