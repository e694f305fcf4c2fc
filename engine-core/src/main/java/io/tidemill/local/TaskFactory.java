package io.tidemill.local;

import io.tidemill.channel.Channel;
import io.tidemill.channel.Element.Item;
import io.tidemill.channel.Inbox;
import io.tidemill.channel.Outbox;
import io.tidemill.channel.Routing;
import io.tidemill.codec.ByteReader;
import io.tidemill.codec.Codec;
import io.tidemill.connector.EventTime;
import io.tidemill.connector.Source;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.graph.Endpoint;
import io.tidemill.graph.Exchange;
import io.tidemill.graph.Role;
import io.tidemill.graph.Vertex;
import io.tidemill.metric.Metric;
import io.tidemill.operator.Operator;
import io.tidemill.operator.OperatorContext;
import io.tidemill.operator.PassOperator;
import io.tidemill.operator.SinkOperator;
import io.tidemill.plan.Plan;
import io.tidemill.plan.Plan.Chain;
import io.tidemill.plan.Plan.Slot;
import io.tidemill.task.ChainLink;
import io.tidemill.task.HeldItems;
import io.tidemill.task.OperatorTask;
import io.tidemill.task.SourceTask;
import io.tidemill.task.Task;
import io.tidemill.task.TaskId;
import io.tidemill.task.TaskReport;
import io.tidemill.train.Evaluator;
import io.tidemill.train.Presentation;
import io.tidemill.train.Training;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Makes the tasks of a plan that run in this process, wires them, and restores them where there is
 * a checkpoint.
 */
final class TaskFactory {
  private final Plan plan;
  private final RunContext context;
  private final Residence residence;
  private final Wiring wiring;
  private final List<Placed> tasks = new ArrayList<>();
  private final List<SourceTask> sources = new ArrayList<>();
  private final Map<TaskId, Task> byId = new HashMap<>();
  private final List<TrainingRun> trainings = new ArrayList<>();
  private int nextSplit;

  /** A task and the thread that runs it. */
  record Placed(Task task, Slot slot) {}

  TaskFactory(Plan plan, Residence residence, Wiring wiring, RunContext context) {
    this.plan = plan;
    this.context = context;
    this.residence = residence;
    this.wiring = wiring;
    plan.chains().forEach(this::build);
  }

  List<Placed> tasks() {
    return tasks;
  }

  /** The job's endpoints, by name; any thread asks them. */
  Map<String, FeatureEndpoint> endpoints() {
    return plan.graph().endpoints().stream()
        .collect(
            Collectors.toMap(
                Endpoint::id,
                endpoint ->
                    new FeatureEndpoint(
                        endpoint,
                        plan,
                        (chain, subtask) -> byId.get(new TaskId(chain.head().id(), subtask)))));
  }

  List<SourceTask> sources() {
    return sources;
  }

  List<TrainingRun> trainings() {
    return trainings;
  }

  /** As {@link Wiring#flow}; any thread. */
  Optional<Flow> flow(Vertex to, int input) {
    return wiring.flow(to, input);
  }

  private void build(Chain chain) {
    switch (chain.head().role()) {
      case Role.Reads reads -> buildSource(chain, reads);
      case Role.Trains trains -> {
        if (residence.isHere(chain.slots().getFirst())) {
          buildTraining(chain, trains.training());
        }
      }
      case Role.Transforms _, Role.Writes _, Role.Evaluates _, Role.Presents _ -> {
        for (int subtask : subtasksHere(chain)) {
          OperatorTask task = operatorTask(chain, subtask, link(chain, chain.head(), subtask));
          byId.put(task.id(), task);
          tasks.add(new Placed(task, chain.slots().get(subtask)));
        }
      }
      case Role.Publishes _ -> throw new AssertionError("a publication has no task");
    }
  }

  private int[] subtasksHere(Chain chain) {
    return IntStream.range(0, chain.parallelism())
        .filter(subtask -> residence.isHere(chain.slots().get(subtask)))
        .toArray();
  }

  @SuppressWarnings("unchecked") // the DSL typed source and event time alike
  private void buildSource(Chain chain, Role.Reads reads) {
    Source<Object> source = (Source<Object>) reads.source();
    Optional<EventTime<Object>> eventTime = reads.eventTime().map(time -> (EventTime<Object>) time);
    int firstSplit = nextSplit;
    nextSplit += chain.parallelism();
    for (int subtask : subtasksHere(chain)) {
      String split = source.splits().get(subtask);
      TaskId id = new TaskId(chain.head().id(), subtask);
      SourceTask task =
          new SourceTask(
              id,
              split,
              firstSplit + subtask,
              eventTime,
              chain.head().output().orElseThrow(),
              offset -> context.fetchers().fetcher(id.toString(), () -> source.open(split, offset)),
              link(chain, chain.head(), subtask),
              context.signals(),
              context.reports());
      task.open(context.checkpoint());
      sources.add(task);
      byId.put(id, task);
      tasks.add(new Placed(task, chain.slots().get(subtask)));
    }
  }

  private void buildTraining(Chain chain, Training<?> training) {
    TrainingRun run = new TrainingRun(chain, training, context, wiring.outOf(chain.head(), 0));
    List<Channel> toRanks = Wiring.fan(run.ranks());
    ChainLink sequencer =
        new ChainLink(
            run.sequencer(),
            context(chain, chain.head(), 0),
            List.of(new Outbox.Edge(Routing.ALL, toRanks)),
            List.of());
    tasks.add(new Placed(sequencerTask(chain, sequencer), chain.slots().getFirst()));
    for (int rank = 0; rank < run.ranks(); rank++) {
      // One that another process works is stood for in this one.
      int worker = run.isShared() ? 0 : chain.slots().get(rank).worker();
      List<Task> ofWorker = run.tasksOf(rank, plan.threadsOf(worker), toRanks.get(rank));
      for (int thread = 0; thread < ofWorker.size(); thread++) {
        tasks.add(new Placed(ofWorker.get(thread), new Slot(worker, thread)));
      }
    }
    trainings.add(run);
  }

  private OperatorTask sequencerTask(Chain chain, ChainLink link) {
    TaskId id = new TaskId(chain.head().id() + "/log", 0);
    return open(
        new OperatorTask(
            id,
            inbox(chain, 0),
            Wiring.codecsOf(chain.head()),
            link,
            context.signals(),
            context.reports()));
  }

  private OperatorTask operatorTask(Chain chain, int subtask, ChainLink link) {
    return open(
        new OperatorTask(
            new TaskId(chain.head().id(), subtask),
            inbox(chain, subtask),
            Wiring.codecsOf(chain.head()),
            link,
            context.signals(),
            context.reports()));
  }

  private OperatorTask open(OperatorTask task) {
    task.open(context.checkpoint());
    return task;
  }

  private ChainLink link(Chain chain, Vertex vertex, int subtask) {
    List<ChainLink> next =
        plan.graph().consumersOf(vertex).stream()
            .filter(consumer -> chain.vertices().contains(consumer))
            .map(consumer -> link(chain, consumer, subtask))
            .toList();
    return new ChainLink(
        operator(vertex), context(chain, vertex, subtask), wiring.outOf(vertex, subtask), next);
  }

  @SuppressWarnings("unchecked") // the DSL typed training, metrics and examples alike
  private Operator operator(Vertex vertex) {
    return switch (vertex.role()) {
      case Role.Reads _ -> new PassOperator();
      case Role.Transforms transforms -> transforms.operator().get();
      case Role.Writes writes -> new SinkOperator<>(writes.sink());
      case Role.Evaluates evaluates ->
          new Evaluator<>(
              (Training<Object>) evaluates.training(),
              (List<Metric<Object>>) (List<?>) evaluates.metrics(),
              Wiring.codecsOf(vertex).getFirst(),
              context.device());
      case Role.Presents presents ->
          new Presentation(vertex.id(), presents.training(), presents.text(), context.device());
      case Role.Trains _, Role.Publishes _ ->
          throw new EngineException(
              ErrorCode.INTERNAL, "vertex " + vertex.id() + " is not an operator");
    };
  }

  private OperatorContext context(Chain chain, Vertex vertex, int subtask) {
    TaskId task = new TaskId(chain.head().id(), subtask);
    return new OperatorContext(
        vertex.id(),
        vertex.index(),
        subtask,
        chain.parallelism(),
        metrics -> context.reports().send(new TaskReport.Measured(task, metrics)),
        (name, text) -> context.reports().send(new TaskReport.Presented(task, name, text)));
  }

  private Inbox inbox(Chain chain, int subtask) {
    List<List<Item>> held = new ArrayList<>();
    for (int edge = 0; edge < chain.head().inputs().size(); edge++) {
      held.add(held(chain, edge, subtask));
    }
    return new Inbox(wiring.into(chain, subtask), held);
  }

  /** What all tasks of the vertex had held back of an edge and now belongs to this one. */
  private List<Item> held(Chain chain, int edge, int subtask) {
    if (context.checkpoint().isEmpty()) {
      return List.of();
    }
    Vertex vertex = chain.head();
    Codec<Object> codec = Wiring.codecsOf(vertex).get(edge);
    List<Item> items = new ArrayList<>();
    for (byte[] part : context.checkpoint().get().apply(vertex.id()).bytes(HeldItems.kind(edge))) {
      items.addAll(HeldItems.read(new ByteReader(part), codec));
    }
    if (vertex.inputs().get(edge).exchange() instanceof Exchange.Keyed keyed) {
      Routing routing = Wiring.byKey(keyed.key(), keyed.codec());
      items.removeIf(item -> routing.channelOf(item.value(), chain.parallelism()) != subtask);
    }
    items.sort((a, b) -> a.key().compareTo(b.key()));
    return items;
  }
}
