package io.tidemill.dsl;

import io.tidemill.codec.Codec;
import io.tidemill.codec.Codecs;
import io.tidemill.connector.Source;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.graph.DataflowGraph;
import io.tidemill.graph.Endpoint;
import io.tidemill.graph.Role;
import io.tidemill.graph.Vertex;
import io.tidemill.program.Precision;
import io.tidemill.train.NonFinite;
import io.tidemill.train.Publishing;
import io.tidemill.train.Training;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Where a pipeline begins: collects the vertices that a {@link PipelineDefinition} adds.
 *
 * <p>Every step has an id that the user gives; checkpoints, metrics and errors use it. Confined to
 * the thread that calls {@link PipelineDefinition#define}.
 */
public final class Pipeline {
  private static final Pattern ID = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,127}");

  private final List<Vertex> vertices = new ArrayList<>();
  private final List<Declared> endpoints = new ArrayList<>();
  private final Set<String> ids = new HashSet<>();
  private final Params params;

  /** {@code params} are those of the job: some are known to every pipeline. */
  public Pipeline(Params params) {
    this.params = params;
  }

  /** Reads records; {@link Source#check} has passed when this returns. */
  public <T> SourceStream<T> source(String id, Source<T> source) {
    source.check();
    return new SourceStream<>(this, claim(id), source);
  }

  /** The graph of what was added. */
  public DataflowGraph graph() {
    return new DataflowGraph(
        vertices, endpoints.stream().map(endpoint -> endpoint.in(vertices)).toList());
  }

  /** An endpoint, by the positions of its vertices: what it publishes may be declared after it. */
  record Declared(String id, int features, int trained, Training<?> training) {
    Endpoint in(List<Vertex> vertices) {
      String model =
          vertices.stream()
              .filter(vertex -> vertex.role() instanceof Role.Publishes)
              .filter(vertex -> vertex.inputs().getFirst().from().index() == trained)
              .map(vertex -> ((Role.Publishes) vertex.role()).model())
              .findFirst()
              .orElseThrow(
                  () ->
                      new EngineException(
                          ErrorCode.INVALID_ARGUMENT,
                          "endpoint %s: its model %s is not published; add .publish(...) to it"
                              .formatted(id, vertices.get(trained).id())));
      return Endpoint.of(id, vertices.get(features), training, model);
    }
  }

  void add(Declared endpoint) {
    endpoints.add(endpoint);
  }

  /**
   * A training as the parameters of the job have it: {@code nonfinite} and {@code precision} are
   * known to every pipeline that trains, and overrule what the pipeline itself says.
   */
  <T> Training<T> asAsked(Training<T> declared) {
    Training<T> training =
        params
            .choice("nonfinite", NonFinite.class, NonFinite::word)
            .map(declared::onNonFinite)
            .orElse(declared);
    return params
        .choice("precision", Precision.class, Precision::word)
        .map(training::precision)
        .orElse(training);
  }

  Publishing asAsked(Publishing declared) {
    int kept = params.integer("keep-versions", declared.kept(), 1);
    return params.whole("publish-every", 0).map(Publishing::everySteps).orElse(declared).keep(kept);
  }

  String claim(String id) {
    if (!ID.matcher(id).matches()) {
      throw new EngineException(
          ErrorCode.INVALID_ARGUMENT, "operator id \"" + id + "\" has to match " + ID.pattern());
    }
    if (!ids.add(id)) {
      throw new EngineException(
          ErrorCode.INVALID_ARGUMENT, "operator id " + id + " is used twice in the pipeline");
    }
    return id;
  }

  int add(
      String id,
      Role role,
      List<Vertex.Input> inputs,
      Optional<Codec<Object>> output,
      String description) {
    int index = vertices.size();
    vertices.add(new Vertex(index, id, role, inputs, output, description));
    return index;
  }

  void replace(int index, Role role, String description) {
    Vertex old = vertices.get(index);
    vertices.set(index, new Vertex(index, old.id(), role, old.inputs(), old.output(), description));
  }

  Vertex vertex(int index) {
    return vertices.get(index);
  }

  boolean isRead(int index) {
    return vertices.stream()
        .flatMap(vertex -> vertex.inputs().stream())
        .anyMatch(input -> input.from().index() == index);
  }

  @SuppressWarnings("unchecked") // the lambda was compiled to return an O
  static <O> Class<O> typed(Class<?> type) {
    return (Class<O>) type;
  }

  @SuppressWarnings("unchecked") // edges carry objects; the stream's type parameter is the record's
  static Optional<Codec<Object>> codec(Class<?> type, String where) {
    return Optional.of((Codec<Object>) Codecs.of((Type) type, "operator " + where));
  }
}
