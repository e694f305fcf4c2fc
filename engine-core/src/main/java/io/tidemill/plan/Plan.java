package io.tidemill.plan;

import io.tidemill.graph.DataflowGraph;
import io.tidemill.graph.Vertex;
import java.util.List;

/**
 * A graph laid out over the threads of the workers.
 *
 * @param graph what is laid out
 * @param slots the threads, worker by worker
 * @param chains what shares a task, in the order of their first vertices
 */
public record Plan(DataflowGraph graph, List<Slot> slots, List<Chain> chains) {
  public Plan {
    slots = List.copyOf(slots);
    chains = List.copyOf(chains);
  }

  /** A thread of a worker. */
  public record Slot(int worker, int thread) {}

  /**
   * Vertices that run in one task, and the slots of the parallel tasks.
   *
   * @param head the vertex that takes the records in
   * @param vertices the head, then those that are called by it, in the order of the graph
   * @param slots where subtask i runs
   */
  public record Chain(Vertex head, List<Vertex> vertices, List<Slot> slots) {
    public Chain {
      vertices = List.copyOf(vertices);
      slots = List.copyOf(slots);
    }

    public int parallelism() {
      return slots.size();
    }
  }

  /** The chain that a vertex runs in. */
  public Chain chainOf(Vertex vertex) {
    return chains.stream()
        .filter(chain -> chain.vertices().contains(vertex))
        .findFirst()
        .orElseThrow();
  }

  /** How many workers there are. */
  public int workers() {
    return slots.getLast().worker() + 1;
  }

  /** How many threads a worker has. */
  public int threadsOf(int worker) {
    return (int) slots.stream().filter(slot -> slot.worker() == worker).count();
  }
}
