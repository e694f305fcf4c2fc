package io.tidemill.local;

import io.tidemill.channel.Channel;
import io.tidemill.channel.Outbox;
import io.tidemill.channel.Routing;
import io.tidemill.codec.Codec;
import io.tidemill.codec.KeyGroups;
import io.tidemill.codec.KeyHasher;
import io.tidemill.graph.Exchange;
import io.tidemill.graph.Role;
import io.tidemill.graph.Vertex;
import io.tidemill.plan.Plan;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/** The channels between the tasks of a plan: one for each pair of tasks along an edge. */
final class Wiring {
  private static final int CAPACITY = 1024;

  private record Edge(Vertex to, int input) {}

  private final Plan plan;

  /** By edge: producing task, then consuming task. */
  private final Map<Edge, Channel[][]> channels = new HashMap<>();

  Wiring(Plan plan) {
    this.plan = plan;
    for (Plan.Chain chain : plan.chains()) {
      List<Vertex.Input> inputs = chain.head().inputs();
      for (int input = 0; input < inputs.size(); input++) {
        channels.put(
            new Edge(chain.head(), input),
            connect(producersOf(inputs.get(input).from()), consumersOf(chain)));
      }
    }
  }

  /** The channels into one task of a chain, by input. */
  List<List<Channel>> into(Plan.Chain chain, int subtask) {
    List<List<Channel>> edges = new ArrayList<>();
    for (int input = 0; input < chain.head().inputs().size(); input++) {
      List<Channel> edge = new ArrayList<>();
      for (Channel[] producer : channels.get(new Edge(chain.head(), input))) {
        edge.add(producer[subtask]);
      }
      edges.add(edge);
    }
    return edges;
  }

  /** The edges that leave one task at a vertex. */
  List<Outbox.Edge> outOf(Vertex vertex, int subtask) {
    List<Outbox.Edge> edges = new ArrayList<>();
    for (Plan.Chain consumer : plan.chains()) {
      List<Vertex.Input> inputs = consumer.head().inputs();
      for (int input = 0; input < inputs.size(); input++) {
        if (inputs.get(input).from().equals(vertex)) {
          Channel[] targets = channels.get(new Edge(consumer.head(), input))[subtask];
          edges.add(new Outbox.Edge(routing(inputs.get(input).exchange()), List.of(targets)));
        }
      }
    }
    return edges;
  }

  /** What has gone to a vertex by one of its inputs; empty where that is inside a task. */
  Optional<Flow> flow(Vertex to, int input) {
    return Optional.ofNullable(channels.get(new Edge(to, input)))
        .map(
            pairs ->
                Arrays.stream(pairs)
                    .flatMap(Arrays::stream)
                    .reduce(
                        Flow.NONE,
                        (sum, next) -> sum.and(next.taken(), next.size(), next.capacity()),
                        (_, last) -> last));
  }

  static Channel[][] connect(int producers, int consumers) {
    Channel[][] pairs = new Channel[producers][consumers];
    for (Channel[] producer : pairs) {
      for (int consumer = 0; consumer < consumers; consumer++) {
        producer[consumer] = new Channel(CAPACITY);
      }
    }
    return pairs;
  }

  /** Of a training only the first rank hands on weights. */
  private int producersOf(Vertex vertex) {
    return vertex.role() instanceof Role.Trains ? 1 : plan.chainOf(vertex).parallelism();
  }

  /** A training takes its records in one task, however many ranks it has. */
  private static int consumersOf(Plan.Chain chain) {
    return chain.head().role() instanceof Role.Trains ? 1 : chain.parallelism();
  }

  /** Not shared: the hasher belongs to the thread of the task that sends. */
  private static Routing routing(Exchange exchange) {
    return switch (exchange) {
      case Exchange.Forward _, Exchange.Gather _ -> Routing.FIRST;
      case Exchange.Keyed keyed -> byKey(keyed.key(), keyed.codec());
    };
  }

  static Routing byKey(Function<Object, Object> key, Codec<Object> codec) {
    KeyHasher<Object> hasher = new KeyHasher<>(codec);
    return (value, count) -> KeyGroups.ownerOf(hasher.group(key.apply(value)), count);
  }
}
