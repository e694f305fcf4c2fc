package io.tidemill.local;

import io.tidemill.graph.DataflowGraph;
import io.tidemill.graph.Exchange;
import io.tidemill.graph.Role;
import io.tidemill.graph.Vertex;
import io.tidemill.plan.Plan;
import io.tidemill.plan.Plan.Chain;
import io.tidemill.plan.Plan.Slot;
import io.tidemill.plan.Planner;
import io.tidemill.task.SourcePosition;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.IntStream;

/**
 * The graph of a job as it is laid out, and what has gone along it: for people who look.
 *
 * @param vertices inputs first
 * @param edges in the order of the vertices that they lead to
 */
public record JobGraph(List<VertexView> vertices, List<EdgeView> edges) {
  public JobGraph {
    vertices = List.copyOf(vertices);
    edges = List.copyOf(edges);
  }

  /**
   * A vertex.
   *
   * @param kind what it does, in one word
   * @param chain the first vertex of its task; empty where it has none
   * @param workers number of the worker of each task of it, or rank of a training; empty where it
   *     does not run
   * @param recordsRead of a source that runs: its offset, in records
   */
  public record VertexView(
      String id,
      String kind,
      Optional<String> chain,
      List<Integer> workers,
      OptionalLong recordsRead) {
    public VertexView {
      workers = List.copyOf(workers);
    }
  }

  /**
   * An edge.
   *
   * @param exchange how records find their task: {@code forward}, {@code gather} or {@code keyed}
   * @param flow what has gone along it; empty where nothing runs, or it is inside a task
   */
  public record EdgeView(String from, String to, String exchange, Optional<Flow> flow) {}

  /** That of a job which does not run. */
  public static JobGraph of(DataflowGraph graph) {
    Plan plan = new Planner(graph, 1, 1).plan();
    List<VertexView> vertices =
        graph.vertices().stream()
            .map(
                vertex ->
                    new VertexView(
                        vertex.id(),
                        kind(vertex.role()),
                        chain(plan, vertex).map(chain -> chain.head().id()),
                        List.of(),
                        OptionalLong.empty()))
            .toList();
    return new JobGraph(vertices, edges(graph, (_, _) -> Optional.empty()));
  }

  /** That of a job whose tasks these are; any thread. */
  static JobGraph of(Plan plan, TaskFactory factory, List<SourcePosition> sources) {
    List<VertexView> vertices =
        plan.graph().vertices().stream()
            .map(
                vertex ->
                    new VertexView(
                        vertex.id(),
                        kind(vertex.role()),
                        chain(plan, vertex).map(chain -> chain.head().id()),
                        workers(plan, factory, vertex),
                        recordsRead(sources, vertex)))
            .toList();
    return new JobGraph(vertices, edges(plan.graph(), factory::flow));
  }

  private interface Flows {
    Optional<Flow> flow(Vertex to, int input);
  }

  private static List<EdgeView> edges(DataflowGraph graph, Flows flows) {
    List<EdgeView> edges = new ArrayList<>();
    for (Vertex vertex : graph.vertices()) {
      for (int input = 0; input < vertex.inputs().size(); input++) {
        Vertex.Input from = vertex.inputs().get(input);
        edges.add(
            new EdgeView(
                from.from().id(),
                vertex.id(),
                exchange(from.exchange()),
                flows.flow(vertex, input)));
      }
    }
    return edges;
  }

  private static Optional<Chain> chain(Plan plan, Vertex vertex) {
    return plan.chains().stream().filter(chain -> chain.vertices().contains(vertex)).findFirst();
  }

  private static List<Integer> workers(Plan plan, TaskFactory factory, Vertex vertex) {
    // A rank that is a process of its own is no task of the plan.
    Optional<List<Integer>> ofRanks =
        factory.trainings().stream()
            .filter(run -> run.isShared() && run.vertex().equals(vertex.id()))
            .map(run -> IntStream.range(0, run.ranks()).boxed().toList())
            .findFirst();
    return ofRanks
        .or(
            () ->
                chain(plan, vertex).map(chain -> chain.slots().stream().map(Slot::worker).toList()))
        .orElse(List.of());
  }

  private static OptionalLong recordsRead(List<SourcePosition> sources, Vertex vertex) {
    return vertex.role() instanceof Role.Reads
        ? OptionalLong.of(
            sources.stream()
                .filter(source -> source.id().vertex().equals(vertex.id()))
                .mapToLong(SourcePosition::records)
                .sum())
        : OptionalLong.empty();
  }

  private static String kind(Role role) {
    return switch (role) {
      case Role.Reads _ -> "source";
      case Role.Transforms _ -> "operator";
      case Role.Writes _ -> "sink";
      case Role.Trains _ -> "training";
      case Role.Evaluates _ -> "evaluation";
      case Role.Presents _ -> "presentation";
      case Role.Publishes _ -> "publication";
    };
  }

  private static String exchange(Exchange exchange) {
    return switch (exchange) {
      case Exchange.Forward _ -> "forward";
      case Exchange.Gather _ -> "gather";
      case Exchange.Keyed _ -> "keyed";
    };
  }
}
