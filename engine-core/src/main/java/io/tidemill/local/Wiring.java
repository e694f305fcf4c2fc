package io.tidemill.local;

import io.tidemill.channel.Channel;
import io.tidemill.channel.Outbox;
import io.tidemill.channel.Routing;
import io.tidemill.codec.Codec;
import io.tidemill.codec.Codecs;
import io.tidemill.codec.KeyGroups;
import io.tidemill.codec.KeyHasher;
import io.tidemill.graph.Exchange;
import io.tidemill.graph.Role;
import io.tidemill.graph.Vertex;
import io.tidemill.plan.Plan;
import io.tidemill.relay.RemoteChannel;
import io.tidemill.train.TrainedWeights;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * The channels between the tasks of a plan: one for each pair of tasks along an edge of which at
 * least one is in this process. Where the other is elsewhere, this process has one end of it.
 */
final class Wiring {
  private static final int CAPACITY = 1024;

  private record Edge(Vertex to, int input) {}

  private final Plan plan;
  private final Residence residence;
  private final List<RemoteChannel> departing = new ArrayList<>();
  private final List<RemoteChannel> arriving = new ArrayList<>();

  /** Pairs so far, wherever they are: all processes count alike. */
  private int pairs;

  /** By edge: producing task, then consuming task; null where neither is here. */
  private final Map<Edge, Channel[][]> channels = new HashMap<>();

  Wiring(Plan plan, Residence residence) {
    this.plan = plan;
    this.residence = residence;
    for (Plan.Chain chain : plan.chains()) {
      List<Vertex.Input> inputs = chain.head().inputs();
      for (int input = 0; input < inputs.size(); input++) {
        channels.put(
            new Edge(chain.head(), input), connect(inputs.get(input).from(), chain, input));
      }
    }
  }

  /** Those that tasks here fill and tasks elsewhere empty. */
  List<RemoteChannel> departing() {
    return departing;
  }

  /** Those that tasks elsewhere fill and tasks here empty. */
  List<RemoteChannel> arriving() {
    return arriving;
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
                    .filter(Objects::nonNull)
                    .reduce(
                        Flow.NONE,
                        (sum, next) -> sum.and(next.taken(), next.size(), next.capacity()),
                        (_, last) -> last));
  }

  /** Channels to so many tasks of this process. */
  static List<Channel> fan(int consumers) {
    return Stream.generate(() -> new Channel(CAPACITY)).limit(consumers).toList();
  }

  private Channel[][] connect(Vertex from, Plan.Chain to, int input) {
    Plan.Chain chain = plan.chainOf(from);
    Channel[][] edge = new Channel[producersOf(from)][consumersOf(to)];
    for (int producer = 0; producer < edge.length; producer++) {
      for (int consumer = 0; consumer < edge[producer].length; consumer++) {
        edge[producer][consumer] =
            connect(chain.slots().get(producer), to.slots().get(consumer), to.head(), input);
      }
    }
    return edge;
  }

  private Channel connect(Plan.Slot producer, Plan.Slot consumer, Vertex to, int input) {
    int number = pairs++;
    boolean fillsHere = residence.isHere(producer);
    boolean emptiesHere = residence.isHere(consumer);
    if (!fillsHere && !emptiesHere) {
      return null;
    }
    Channel channel = new Channel(CAPACITY);
    if (fillsHere != emptiesHere) {
      int peer = fillsHere ? consumer.worker() : producer.worker();
      (fillsHere ? departing : arriving)
          .add(new RemoteChannel(number, peer, channel, codecsOf(to).get(input)));
    }
    return channel;
  }

  /** Of the records that come to a vertex, by input. */
  @SuppressWarnings("unchecked") // edges carry objects
  static List<Codec<Object>> codecsOf(Vertex vertex) {
    return vertex.inputs().stream()
        .map(
            input ->
                input
                    .from()
                    .output()
                    .orElseGet(() -> (Codec<Object>) (Codec<?>) Codecs.of(TrainedWeights.class)))
        .toList();
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
