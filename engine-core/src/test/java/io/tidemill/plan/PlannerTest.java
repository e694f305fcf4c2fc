package io.tidemill.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.tidemill.dsl.Params;
import io.tidemill.dsl.Pipeline;
import io.tidemill.error.EngineException;
import io.tidemill.graph.DataflowGraph;
import io.tidemill.graph.Vertex;
import io.tidemill.local.BlobsPipeline;
import io.tidemill.plan.Plan.Chain;
import io.tidemill.plan.Plan.Slot;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class PlannerTest {
  private final DataflowGraph graph = graph();

  @Test
  void putsVerticesThatForwardIntoOneTask() {
    assertEquals(
        List.of(
            List.of("readings"),
            List.of("mean", "training-half", "test-half"),
            List.of("blobs"),
            List.of("test")),
        plan(2, 4).chains().stream()
            .map(chain -> chain.vertices().stream().map(Vertex::id).toList())
            .toList());
  }

  @Test
  void givesASourceATaskPerSplitAKeyedVertexOnePerThreadAndATrainingOnePerWorker() {
    assertEquals(
        List.of(3, 5, 2, 1), plan(2, 5).chains().stream().map(Chain::parallelism).toList());
  }

  @Test
  void spreadsThreadsOverWorkersAndEachHasOne() {
    assertEquals(
        List.of(new Slot(0, 0), new Slot(0, 1), new Slot(1, 0), new Slot(1, 1), new Slot(1, 2)),
        plan(2, 5).slots());
    assertEquals(List.of(new Slot(0, 0), new Slot(1, 0), new Slot(2, 0)), plan(3, 1).slots());
    assertEquals(3, plan(3, 1).workers());
    assertEquals(3, plan(2, 5).threadsOf(1));
  }

  @Test
  void dealsSplitsOutToWorkersAndPutsWhatHasOneTaskOnTheFirst() {
    List<Chain> chains = plan(2, 4).chains();

    assertEquals(
        List.of(new Slot(0, 0), new Slot(1, 0), new Slot(0, 1)), chains.getFirst().slots());
    assertEquals(0, chains.getLast().slots().getFirst().worker());
  }

  @Test
  void trainsOnNoMoreWorkersThanThereAreShards() {
    Chain training = plan(20, 20).chains().get(2);

    assertEquals(8, training.parallelism());
    assertEquals(new Slot(7, 0), training.slots().getLast());
  }

  @Test
  void refusesNoWorkersAndNoThreads() {
    assertEquals(
        "workers has to be at least 1, is 0",
        assertThrows(EngineException.class, () -> plan(0, 1)).getMessage());
    assertEquals(
        "threads has to be at least 1, is 0",
        assertThrows(EngineException.class, () -> plan(1, 0)).getMessage());
  }

  private Plan plan(int workers, int threads) {
    return new Planner(graph, workers, threads).plan();
  }

  private static DataflowGraph graph() {
    Params params = new Params(Map.of(), 1);
    Pipeline pipeline = new Pipeline(params);
    new BlobsPipeline().define(pipeline, params);
    return pipeline.graph();
  }
}
