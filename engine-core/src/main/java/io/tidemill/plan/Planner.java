package io.tidemill.plan;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.graph.DataflowGraph;
import io.tidemill.graph.Exchange;
import io.tidemill.graph.Role;
import io.tidemill.graph.Vertex;
import io.tidemill.plan.Plan.Chain;
import io.tidemill.plan.Plan.Slot;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Lays a graph out: which vertices share a task, how many tasks there are, and where they run.
 *
 * <p>A source has a task per split, a keyed vertex one per thread, a training one per worker, all
 * else one. A vertex that takes records one to one runs in the task of the vertex before it. Pure:
 * the same graph and slots give the same plan.
 *
 * <p>What has one task is on the first worker, which also writes, trains in order, evaluates and
 * presents: its records come from everywhere and mostly go there. So a job whose sources have one
 * split each and which keys nothing has nothing to send from worker to worker. The splits of a
 * source are dealt out to the workers in turn.
 */
public final class Planner {
  private final DataflowGraph graph;
  private final int workers;
  private final List<Slot> slots = new ArrayList<>();

  /**
   * @param workers at least 1
   * @param threads threads of all workers together; each worker has at least one
   */
  public Planner(DataflowGraph graph, int workers, int threads) {
    require(workers >= 1, "workers has to be at least 1, is " + workers);
    require(threads >= 1, "threads has to be at least 1, is " + threads);
    this.graph = graph;
    this.workers = workers;
    for (int worker = 0; worker < workers; worker++) {
      int own = Math.max(1, (worker + 1) * threads / workers - worker * threads / workers);
      for (int thread = 0; thread < own; thread++) {
        slots.add(new Slot(worker, thread));
      }
    }
  }

  /** The layout. */
  public Plan plan() {
    List<Chain> chains = new ArrayList<>();
    int next = 0;
    for (Vertex vertex : graph.vertices()) {
      if (!isChained(vertex) && !(vertex.role() instanceof Role.Publishes)) {
        List<Slot> placed = place(vertex, next);
        next += placed.size();
        chains.add(new Chain(vertex, chainFrom(vertex), placed));
      }
    }
    return new Plan(graph, slots, chains);
  }

  private List<Slot> place(Vertex vertex, int first) {
    int tasks =
        switch (vertex.role()) {
          case Role.Reads reads -> reads.source().splits().size();
          case Role.Transforms _ -> vertex.isKeyed() ? slots.size() : 1;
          case Role.Writes _, Role.Trains _, Role.Evaluates _, Role.Presents _, Role.Publishes _ ->
              1;
        };
    if (vertex.role() instanceof Role.Trains trains) {
      return slots.stream()
          .filter(slot -> slot.thread() == 0)
          .limit(trains.training().mostWorkers())
          .toList();
    }
    return IntStream.range(0, tasks)
        .mapToObj(
            task ->
                vertex.isKeyed()
                    ? slots.get(task)
                    : turn(tasks == 1 ? 0 : task % workers, first + task / workers))
        .toList();
  }

  /** A thread of a worker; the numbers go round. */
  private Slot turn(int worker, int number) {
    List<Slot> own = slots.stream().filter(slot -> slot.worker() == worker).toList();
    return own.get(number % own.size());
  }

  private List<Vertex> chainFrom(Vertex head) {
    List<Vertex> vertices = new ArrayList<>(List.of(head));
    for (Vertex vertex : graph.vertices()) {
      if (isChained(vertex) && vertices.contains(vertex.inputs().getFirst().from())) {
        vertices.add(vertex);
      }
    }
    return vertices;
  }

  private static boolean isChained(Vertex vertex) {
    return vertex.inputs().size() == 1
        && vertex.inputs().getFirst().exchange() instanceof Exchange.Forward;
  }

  private static void require(boolean condition, String sentence) {
    if (!condition) {
      throw new EngineException(ErrorCode.INVALID_ARGUMENT, sentence);
    }
  }
}
