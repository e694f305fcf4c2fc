package io.tidemill.local;

import io.tidemill.codec.ByteReader;
import io.tidemill.device.Device;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.graph.DataflowGraph;
import io.tidemill.link.PeerLinks;
import io.tidemill.plan.Plan;
import io.tidemill.plan.Planner;
import io.tidemill.relay.Mail;
import io.tidemill.relay.Post;
import io.tidemill.relay.Relay;
import io.tidemill.storage.DurableFiles;
import io.tidemill.task.JobSignals;
import io.tidemill.task.Reports;
import io.tidemill.task.SourceTask;
import io.tidemill.task.TaskId;
import io.tidemill.task.TaskReport;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/**
 * A worker's share of the tasks of a job that another process leads: receives their state, makes
 * them, and is their master's voice and ear.
 *
 * <p>Whoever made it gives threads to the relay and, once they are there, to the tasks. The mail is
 * on the thread of the relay; {@link #make} is called by another one.
 */
final class TaskShare implements Mail, AutoCloseable {
  private static final long POSITIONS_NS = 250_000_000;
  private static final int LEADER = 0;

  private final JobOptions options;
  private final Device device;
  private final RunContext.FetcherFactory fetchers;
  private final LongSupplier clockNs;
  private final Plan plan;
  private final Residence residence;
  private final Wiring wiring;
  private final Relay relay;
  private final Path folder;
  private final Letter.Beat beat;
  private final JobSignals signals = new JobSignals();
  private final Reports reports = new Reports();
  private final Map<String, Map<String, List<Path>>> restored = new HashMap<>();
  private volatile Optional<Letter.Start> start = Optional.empty();
  private volatile Optional<TaskFactory> factory = Optional.empty();
  private volatile long leader;
  private final AtomicLong leaderBeats = new AtomicLong();
  private volatile boolean isOver;
  private Optional<Letter.Signals> told = Optional.empty();
  private long nextBeatNs;
  private long nextPositionsNs;

  /**
   * Lays the graph out as the leading worker does; {@code links} are closed with this.
   *
   * @param worker which of the plan's is this one, from 1
   */
  TaskShare(
      DataflowGraph graph,
      JobOptions options,
      TaskRendezvous place,
      int worker,
      PeerLinks links,
      Device device,
      RunContext.FetcherFactory fetchers,
      LongSupplier clockNs) {
    this.options = options;
    this.device = device;
    this.fetchers = fetchers;
    this.clockNs = clockNs;
    this.plan = new Planner(graph, place.workers(), place.threads()).plan();
    this.residence = Residence.of(worker);
    this.wiring = new Wiring(plan, residence);
    TaskId id = new TaskId("tasks", worker);
    this.relay = new Relay(id, links, wiring.departing(), wiring.arriving(), this);
    this.beat =
        new Letter.Beat(
            place.hosts().hostOf(worker) == 0
                ? ProcessHandle.current().pid()
                : TaskGroup.ELSEWHERE);
    this.folder = temporaryFolder(options.job() + "-" + worker);
    this.nextBeatNs = clockNs.getAsLong();
    this.nextPositionsNs = nextBeatNs;
  }

  Relay relay() {
    return relay;
  }

  /** Whether all state has come, so that the tasks can be made. */
  boolean isReady() {
    return start.isPresent();
  }

  /** Makes the tasks, and restores them; once, when it is ready. */
  List<TaskFactory.Placed> make() {
    Letter.Start begun = start.orElseThrow();
    signals.requestCheckpoint(begun.checkpoint());
    RunContext context =
        new RunContext(
            signals,
            reports,
            device,
            folder,
            options.checkpoints(),
            options.seed(),
            Optional.empty(),
            begun.isRestored()
                ? Optional.of(
                    vertex ->
                        kind ->
                            restored.getOrDefault(vertex, Map.of()).getOrDefault(kind, List.of()))
                : Optional.empty(),
            fetchers,
            clockNs);
    TaskFactory made = new TaskFactory(plan, residence, wiring, context);
    delete(folder);
    factory = Optional.of(made);
    return made.tasks();
  }

  /** What tasks here report, and where what keeps them from being made is said. */
  Reports reports() {
    return reports;
  }

  /** Whether the leading worker has said that all is over. */
  boolean isOver() {
    return isOver;
  }

  /** The number of the leading process; 0 while it was not heard, below 0 on another host. */
  long leader() {
    return leader;
  }

  long leaderBeats() {
    return leaderBeats.get();
  }

  @Override
  public int write(Post post) {
    int work = 0;
    long nowNs = clockNs.getAsLong();
    if (nowNs - nextBeatNs >= 0 && !post.isBehind(LEADER)) {
      nextBeatNs = nowNs + MemberWatch.BEAT_NS;
      post.send(LEADER, beat.toBytes());
    }
    if (factory.isPresent()) {
      // Not before: a source that is made later would take a checkpoint for one that it has had.
      told.ifPresent(this::announce);
      told = Optional.empty();
      if (nowNs - nextPositionsNs >= 0) {
        nextPositionsNs = nowNs + POSITIONS_NS;
        factory.get().sources().forEach(source -> sendPosition(source, post));
      }
    }
    for (Optional<TaskReport> report = reports.receive();
        report.isPresent();
        report = reports.receive()) {
      send(report.get(), post);
      work++;
    }
    return work;
  }

  @Override
  public void take(int from, ByteReader bytes) {
    switch (Letter.read(bytes)) {
      case Letter.Beat(long process) -> {
        leader = process;
        leaderBeats.incrementAndGet();
      }
      case Letter.State state -> keep(state);
      case Letter.Start begun -> start = Optional.of(begun);
      case Letter.Signals now -> told = Optional.of(now);
      case Letter.Over _ -> isOver = true;
      case Letter.Position _,
          Letter.Captured _,
          Letter.Complete _,
          Letter.Measured _,
          Letter.Presented _,
          Letter.Failed _ ->
          throw new EngineException(
              ErrorCode.INTERNAL,
              "worker " + from + " has written to another than the leading one");
    }
  }

  /** Where no thread runs relay or tasks any more. */
  @Override
  public void close() {
    factory.ifPresent(made -> made.tasks().forEach(placed -> placed.task().close()));
    relay.close();
    delete(folder);
  }

  private void announce(Letter.Signals now) {
    signals.endSources(new HashSet<>(now.ended()));
    signals.wantCheckpoint(now.isWanted());
    signals.commit(now.committed());
    signals.requestCheckpoint(now.requested());
  }

  private void send(TaskReport report, Post post) {
    if (report instanceof TaskReport.Snapshot snapshot) {
      factory.orElseThrow().sources().stream()
          .filter(source -> source.id().equals(snapshot.task()))
          .forEach(source -> sendPosition(source, post));
    }
    post.send(LEADER, ReportLetters.toLetter(report).toBytes());
  }

  private static void sendPosition(SourceTask source, Post post) {
    Letter at = new Letter.Position(source.id(), source.records(), source.checkpointedRecords());
    post.send(LEADER, at.toBytes());
  }

  private void keep(Letter.State state) {
    List<Path> ofKind =
        restored
            .computeIfAbsent(state.vertex(), _ -> new HashMap<>())
            .computeIfAbsent(state.kind(), _ -> new ArrayList<>());
    Path file = folder.resolve(state.vertex() + "." + state.kind() + "." + ofKind.size());
    try {
      Files.write(file, state.bytes());
    } catch (IOException e) {
      throw new EngineException(
          ErrorCode.RESOURCE, "state cannot be restored to " + file + ": " + e, e);
    }
    ofKind.add(file);
  }

  private static Path temporaryFolder(String name) {
    try {
      return Files.createTempDirectory("tidemill-tasks-" + name + "-");
    } catch (IOException e) {
      throw new EngineException(
          ErrorCode.RESOURCE, "there is no folder to restore state to: " + e, e);
    }
  }

  private static void delete(Path folder) {
    try {
      DurableFiles.deleteTree(folder);
    } catch (IOException e) {
      throw new EngineException(ErrorCode.RESOURCE, "cannot delete " + folder + ": " + e, e);
    }
  }
}
