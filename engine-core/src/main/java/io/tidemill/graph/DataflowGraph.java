package io.tidemill.graph;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.train.Publishing;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;

/**
 * What a pipeline is: vertices in topological order, each knowing its inputs.
 *
 * <p>Immutable. Two processes that defined the same pipeline have graphs of the same {@link
 * #fingerprint}.
 */
public final class DataflowGraph {
  private final List<Vertex> vertices;
  private final List<Endpoint> endpoints;

  /** A graph without endpoints. */
  public DataflowGraph(List<Vertex> vertices) {
    this(vertices, List.of());
  }

  public DataflowGraph(List<Vertex> vertices, List<Endpoint> endpoints) {
    this.vertices = List.copyOf(vertices);
    this.endpoints = List.copyOf(endpoints);
    if (vertices.isEmpty()) {
      throw new EngineException(
          ErrorCode.INVALID_ARGUMENT,
          "the pipeline is empty: define() has to add at least one source and what follows it");
    }
  }

  public List<Vertex> vertices() {
    return vertices;
  }

  /** Where single records come in from outside; no part of the fingerprint. */
  public List<Endpoint> endpoints() {
    return endpoints;
  }

  /** When each of the models that it trains is published. */
  public Stream<Publishing> publishings() {
    return vertices.stream()
        .flatMap(
            vertex ->
                vertex.role() instanceof Role.Publishes publishes
                    ? Stream.of(publishes.publishing())
                    : Stream.of());
  }

  /** The vertices that take records from {@code vertex}. */
  public List<Vertex> consumersOf(Vertex vertex) {
    return vertices.stream()
        .filter(v -> v.inputs().stream().anyMatch(input -> input.from().equals(vertex)))
        .toList();
  }

  /** Whether all records that reach a vertex come of sources with event time. */
  public static boolean hasEventTime(Vertex vertex) {
    return vertex.role() instanceof Role.Reads reads
        ? reads.eventTime().isPresent()
        : vertex.inputs().stream().allMatch(input -> hasEventTime(input.from()));
  }

  /** Whether every record that {@code vertex} will ever see comes from sources that end. */
  public static boolean isBounded(Vertex vertex) {
    boolean own = !(vertex.role() instanceof Role.Reads reads) || reads.source().isBounded();
    return own && vertex.inputs().stream().allMatch(input -> isBounded(input.from()));
  }

  /** Workers that the parallelism of its trainings is meant for. */
  public int declaredWorkers() {
    return vertices.stream()
        .map(Vertex::role)
        .filter(Role.Trains.class::isInstance)
        .mapToInt(role -> ((Role.Trains) role).training().declaredWorkers())
        .max()
        .orElse(1);
  }

  /** SHA-256 over ids, roles, edges and record types, in hexadecimal. */
  public String fingerprint() {
    try {
      byte[] text = describe().getBytes(StandardCharsets.UTF_8);
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(text));
    } catch (NoSuchAlgorithmException e) {
      throw new EngineException(ErrorCode.INTERNAL, "this JVM has no SHA-256", e);
    }
  }

  /** The graph in lines that a person can read; what {@link #fingerprint} is made of. */
  public String describe() {
    StringBuilder text = new StringBuilder();
    for (Vertex vertex : vertices) {
      text.append(vertex.id()).append(": ").append(vertex.description());
      for (Vertex.Input input : vertex.inputs()) {
        text.append(" <- ").append(input.from().id()).append(exchange(input.exchange()));
      }
      vertex.output().ifPresent(codec -> text.append(" => ").append(codec.schema()));
      text.append('\n');
    }
    return text.toString();
  }

  private static String exchange(Exchange exchange) {
    return switch (exchange) {
      case Exchange.Forward _ -> "";
      case Exchange.Gather _ -> "(gather)";
      case Exchange.Keyed keyed -> "(" + keyed.id() + " by " + keyed.codec().schema() + ")";
    };
  }
}
