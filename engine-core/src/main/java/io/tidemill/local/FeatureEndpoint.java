package io.tidemill.local;

import io.tidemill.channel.Element.Item;
import io.tidemill.channel.Routing;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.graph.Endpoint;
import io.tidemill.graph.Exchange;
import io.tidemill.graph.Vertex;
import io.tidemill.plan.Plan;
import io.tidemill.task.OperatorTask;
import io.tidemill.task.SourceTask;
import io.tidemill.task.Task;
import io.tidemill.train.Encoding;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiFunction;

/**
 * A record endpoint of a job in this process: asks the job's own operators, with the keyed state
 * that they have at that moment, what features a record would have if it came next.
 *
 * <p>Any thread asks; each operator answers on the thread of its task, between two records, and
 * nothing of the job changes by it. When the job has ended it answers with the state at its end.
 */
public final class FeatureEndpoint {
  /** The vertices of the path that lie in one task, and its parallel instances. */
  private record Leg(Set<String> vertices, Exchange entry, List<? extends Task> tasks) {}

  private final Endpoint endpoint;
  private final List<Leg> legs = new ArrayList<>();

  /** {@code taskOf} finds the task of a chain, null where it is in another process. */
  FeatureEndpoint(Endpoint endpoint, Plan plan, BiFunction<Plan.Chain, Integer, Task> taskOf) {
    this.endpoint = endpoint;
    List<Vertex> left = new ArrayList<>(endpoint.path());
    while (!left.isEmpty()) {
      Plan.Chain chain = plan.chainOf(left.getFirst());
      Exchange entry =
          legs.isEmpty() ? new Exchange.Forward() : left.getFirst().inputs().getFirst().exchange();
      Set<String> vertices = new LinkedHashSet<>();
      while (!left.isEmpty() && chain.vertices().contains(left.getFirst())) {
        vertices.add(left.removeFirst().id());
      }
      List<Task> tasks = new ArrayList<>();
      for (int subtask = 0; subtask < chain.parallelism(); subtask++) {
        tasks.add(taskOf.apply(chain, subtask));
      }
      legs.add(new Leg(vertices, entry, tasks));
    }
  }

  /** What a record is. */
  public Class<?> recordType() {
    return endpoint.recordType();
  }

  /** Name of the model that answers. */
  public String model() {
    return endpoint.model();
  }

  /**
   * The features of a record.
   *
   * @return fails with NOT_FOUND where the operators make nothing of it, INVALID_DATA where they
   *     make several, USER_CODE where one of them fails, RESOURCE where one is in another process
   */
  public CompletableFuture<Object> features(Object record) {
    Leg first = legs.getFirst();
    if (!(first.tasks().getFirst() instanceof SourceTask source)) {
      return CompletableFuture.failedFuture(elsewhere(first));
    }
    CompletableFuture<Item> item =
        source.inquire(record, first.vertices()).thenApply(this::onlyOne);
    for (Leg leg : legs.subList(1, legs.size())) {
      item = item.thenCompose(made -> ask(leg, made)).thenApply(this::onlyOne);
    }
    return item.thenApply(Item::value);
  }

  /** The rows that the model takes of features, one after the other, as training encodes them. */
  @SuppressWarnings("unchecked") // the DSL typed training and records alike
  public MemorySegment rows(List<Object> features) {
    return ((Encoding<Object>) endpoint.training().encoding()).rows(features);
  }

  private CompletableFuture<List<Item>> ask(Leg leg, Item item) {
    int subtask = routing(leg).channelOf(item.value(), leg.tasks().size());
    return leg.tasks().get(subtask) instanceof OperatorTask task
        ? task.inquire(item, leg.vertices())
        : CompletableFuture.failedFuture(elsewhere(leg));
  }

  /** Made anew: a hasher belongs to one thread. */
  private static Routing routing(Leg leg) {
    return leg.entry() instanceof Exchange.Keyed keyed
        ? Wiring.byKey(keyed.key(), keyed.codec())
        : Routing.FIRST;
  }

  private Item onlyOne(List<Item> made) {
    if (made.size() == 1) {
      return made.getFirst();
    }
    throw new EngineException(
        made.isEmpty() ? ErrorCode.NOT_FOUND : ErrorCode.INVALID_DATA,
        "endpoint %s: expected features of one record for one record, found %d: the operators %s"
            .formatted(
                endpoint.id(), made.size(), made.isEmpty() ? "drop it" : "make several of it"));
  }

  private EngineException elsewhere(Leg leg) {
    return new EngineException(
        ErrorCode.RESOURCE,
        "endpoint %s: operator %s is in another process, which cannot be asked yet; run the job in one"
            .formatted(endpoint.id(), leg.vertices()));
  }
}
