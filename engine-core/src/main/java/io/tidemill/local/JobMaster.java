package io.tidemill.local;

import io.tidemill.checkpoint.StoredCheckpoint;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.graph.DataflowGraph;
import io.tidemill.graph.Role;
import io.tidemill.graph.Vertex;
import io.tidemill.model.StoredModel;
import io.tidemill.task.JobSignals;
import io.tidemill.task.Reports;
import io.tidemill.task.TaskId;
import io.tidemill.task.TaskReport;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;

/**
 * Decides for one job: when a checkpoint is taken, when a source is no longer needed, when the job
 * is done or has failed.
 *
 * <p>A training asks for checkpoints at its steps; a pipeline that trains nothing has one every ten
 * seconds; others are taken when they are {@linkplain CheckpointRequests asked for}. When every
 * task is complete a last checkpoint is taken, and the job is done when it is committed and
 * published. Confined to one thread; never blocks.
 */
final class JobMaster {
  private static final long INTERVAL_NS = 10_000_000_000L;

  private final DataflowGraph graph;
  private final Map<String, Set<TaskId>> tasksByVertex;
  private final Set<TaskId> incomplete;
  private final JobSignals signals;
  private final Reports reports;
  private final Checkpointer checkpointer;
  private final CheckpointRequests requests;
  private final PublishQueue versions;
  private final Events events;
  private final LongSupplier clockNs;
  private final boolean trains;
  private final Map<String, Double> metrics = new TreeMap<>();
  private final Map<String, String> texts = new TreeMap<>();
  private Optional<TaskReport.Trained> trained = Optional.empty();
  private Optional<StoredCheckpoint> lastCheckpoint = Optional.empty();
  private Optional<EngineException> failure = Optional.empty();
  private long lastCheckpointNs;
  private boolean checkpointDue;
  private boolean ending;
  private boolean ended;
  private boolean finished;

  /** What the master tells its surroundings. */
  interface Events {
    void firstStep(long step);

    void committed(StoredCheckpoint checkpoint);

    void published(StoredModel version);

    void notice(String sentence);
  }

  JobMaster(
      DataflowGraph graph,
      Set<TaskId> tasks,
      JobSignals signals,
      Reports reports,
      Checkpointer checkpointer,
      CheckpointRequests requests,
      PublishQueue versions,
      Events events,
      LongSupplier clockNs) {
    this.graph = graph;
    this.incomplete = new HashSet<>(tasks);
    this.tasksByVertex =
        tasks.stream().collect(Collectors.groupingBy(TaskId::vertex, Collectors.toSet()));
    this.signals = signals;
    this.reports = reports;
    this.checkpointer = checkpointer;
    this.requests = requests;
    this.versions = versions;
    this.events = events;
    this.clockNs = clockNs;
    this.trains =
        graph.vertices().stream().anyMatch(vertex -> vertex.role() instanceof Role.Trains);
    this.lastCheckpointNs = clockNs.getAsLong();
  }

  /** Does what there is to do; call again until {@link #isOver}. */
  void poll() {
    for (Optional<TaskReport> report = reports.receive();
        report.isPresent();
        report = reports.receive()) {
      accept(report.get());
    }
    checkpointer.poll().ifPresent(this::accept);
    for (Optional<PublishQueue.Outcome> made = versions.poll();
        made.isPresent();
        made = versions.poll()) {
      accept(made.get());
    }
    finished = ended && versions.isIdle();
    if (isOver() || ended || !checkpointer.isIdle() || versions.isBehind()) {
      return;
    }
    if (incomplete.isEmpty()) {
      ending = true;
      checkpointDue = true;
    } else if (!trains && clockNs.getAsLong() - lastCheckpointNs > INTERVAL_NS) {
      checkpointDue = true;
    } else if (requests.isWaiting()) {
      signals.wantCheckpoint(true); // a training asks when it stands between two steps
      checkpointDue |= !trains;
    }
    if (checkpointDue) {
      checkpointDue = false;
      lastCheckpointNs = clockNs.getAsLong();
      signals.wantCheckpoint(false);
      checkpointer.start(requests.begin()).ifPresent(this::accept);
    }
  }

  boolean isOver() {
    return finished || failure.isPresent();
  }

  Optional<EngineException> failure() {
    return failure;
  }

  Optional<TaskReport.Trained> trained() {
    return trained;
  }

  Optional<StoredCheckpoint> lastCheckpoint() {
    return lastCheckpoint;
  }

  Map<String, Double> metrics() {
    return metrics;
  }

  Map<String, String> texts() {
    return texts;
  }

  /** Ends the job from outside; one that is done stays done. */
  void fail(EngineException cause) {
    if (!isOver()) {
      failure = Optional.of(cause);
    }
  }

  private void accept(TaskReport report) {
    switch (report) {
      case TaskReport.Snapshot snapshot -> checkpointer.accept(snapshot);
      case TaskReport.CheckpointDue _ -> checkpointDue = true;
      case TaskReport.FirstStep(TaskId _, long step) -> events.firstStep(step);
      case TaskReport.Measured measured -> metrics.putAll(measured.metrics());
      case TaskReport.Presented(TaskId _, String name, String text) -> texts.put(name, text);
      case TaskReport.Trained done -> trained = Optional.of(done);
      case TaskReport.Failed failed -> fail(sentence(failed));
      case TaskReport.Complete complete -> {
        incomplete.remove(complete.task());
        endUnneededSources();
      }
    }
  }

  private void accept(Checkpointer.Outcome outcome) {
    switch (outcome) {
      case Checkpointer.Outcome.Committed(StoredCheckpoint checkpoint) -> {
        lastCheckpoint = Optional.of(checkpoint);
        requests.committed(checkpoint);
        signals.commit(checkpoint.number());
        versions.add(
            checkpoint, ending ? PublishQueue.Occasion.LAST : PublishQueue.Occasion.COMMITTED);
        events.committed(checkpoint);
        ended = ending;
      }
      case Checkpointer.Outcome.Failed(EngineException cause) -> {
        requests.failed(cause);
        if (ending) {
          fail(cause);
        } else {
          events.notice(cause.getMessage() + "; the job goes on");
        }
      }
    }
  }

  private void accept(PublishQueue.Outcome outcome) {
    switch (outcome) {
      case PublishQueue.Outcome.Published(List<StoredModel> models) ->
          models.forEach(events::published);
      case PublishQueue.Outcome.Failed(
              long checkpoint,
              PublishQueue.Occasion occasion,
              EngineException cause) -> {
        if (occasion == PublishQueue.Occasion.LAST) {
          fail(cause);
        } else {
          events.notice(
              "checkpoint %d has become no version: %s; the job goes on"
                  .formatted(checkpoint, cause.getMessage()));
        }
      }
    }
  }

  /** A source without end stops when everything that it feeds is complete. */
  private void endUnneededSources() {
    signals.endSources(
        graph.vertices().stream()
            .filter(
                vertex -> vertex.role() instanceof Role.Reads reads && !reads.source().isBounded())
            .filter(this::feedsOnlyCompleteVertices)
            .map(Vertex::id)
            .collect(Collectors.toSet()));
  }

  private boolean feedsOnlyCompleteVertices(Vertex vertex) {
    return graph.consumersOf(vertex).stream()
        .allMatch(
            consumer ->
                switch (consumer.role()) {
                  case Role.Transforms _, Role.Reads _ -> feedsOnlyCompleteVertices(consumer);
                  case Role.Trains _,
                      Role.Writes _,
                      Role.Evaluates _,
                      Role.Presents _,
                      Role.Publishes _ ->
                      isComplete(consumer);
                });
  }

  private boolean isComplete(Vertex vertex) {
    Set<TaskId> tasks = tasksByVertex.getOrDefault(vertex.id(), Set.of());
    return !tasks.isEmpty() && tasks.stream().noneMatch(incomplete::contains);
  }

  static EngineException sentence(TaskReport.Failed failed) {
    if (failed.cause() instanceof EngineException cause) {
      return cause;
    }
    ErrorCode code =
        failed.cause() instanceof OutOfMemoryError ? ErrorCode.RESOURCE : ErrorCode.INTERNAL;
    return new EngineException(
        code, "task " + failed.task() + " failed: " + failed.cause(), failed.cause());
  }
}
