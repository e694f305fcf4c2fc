package io.tidemill.local;

import io.tidemill.checkpoint.Part;
import io.tidemill.checkpoint.StoredCheckpoint;
import io.tidemill.codec.ByteReader;
import io.tidemill.connector.Source;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.graph.Role;
import io.tidemill.graph.Vertex;
import io.tidemill.link.PeerLinks;
import io.tidemill.plan.Plan;
import io.tidemill.plan.Plan.Chain;
import io.tidemill.relay.Mail;
import io.tidemill.relay.Post;
import io.tidemill.relay.Relay;
import io.tidemill.task.JobSignals;
import io.tidemill.task.Reports;
import io.tidemill.task.SourcePosition;
import io.tidemill.task.TaskId;
import io.tidemill.task.TaskReport;
import io.tidemill.task.WorkerThread;
import io.tidemill.train.GangHosts;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;

/**
 * The leading worker's side of tasks that other workers run: gives them their state and the
 * master's signals, and takes their reports for reports of its own (docs/design/0014).
 *
 * <p>The mail is on the thread of the relay; any thread asks how the others are.
 */
final class TaskLead implements Mail, AutoCloseable {
  private static final long OWN_PROCESS = ProcessHandle.current().pid();
  private static final Letter.Signals UNTOLD = new Letter.Signals(0, 0, false, List.of());

  private final TaskGroup group;
  private final Plan plan;
  private final JobSignals signals;
  private final Reports reports;
  private final LongSupplier clockNs;
  private final Letter.Start start;
  private final Relay relay;
  private final WorkerThread thread;
  private final PeerLinks links;
  private final RefusedStreams refused;
  private final List<Member> members = new ArrayList<>();
  private final Map<TaskId, RemoteSource> sources = new LinkedHashMap<>();
  private final Set<TaskId> tasks = new HashSet<>();
  private Letter.Signals told = UNTOLD;
  private Set<String> toldEnded = Set.of();
  private long nextBeatNs;
  private volatile boolean isOver;
  private boolean hasToldEnd;

  /** Another worker. */
  static final class Member {
    final int worker;
    private final byte[] beat;
    private final Iterator<Letter> restored;
    private boolean hasStarted;

    /** The signals that it was told last. */
    private Letter.Signals told = UNTOLD;

    private volatile long process;
    private final AtomicLong beats = new AtomicLong();

    private Member(int worker, boolean isNear, Iterator<Letter> restored) {
      this.worker = worker;
      this.beat = new Letter.Beat(isNear ? OWN_PROCESS : TaskGroup.ELSEWHERE).toBytes();
      this.restored = restored;
    }

    /** Its number; 0 while it has not come, below 0 on another host. */
    long process() {
      return process;
    }

    long beats() {
      return beats.get();
    }
  }

  TaskLead(
      TaskGroup group,
      PeerLinks links,
      Plan plan,
      Wiring wiring,
      JobSignals signals,
      Reports reports,
      Optional<StoredCheckpoint> restored,
      LongSupplier clockNs) {
    this.group = group;
    this.links = links;
    this.refused = new RefusedStreams("job " + group.job(), links);
    this.plan = plan;
    this.signals = signals;
    this.reports = reports;
    this.clockNs = clockNs;
    this.nextBeatNs = clockNs.getAsLong();
    this.start = new Letter.Start(signals.requestedCheckpoint(), restored.isPresent());
    GangHosts hosts = group.hosts();
    for (int worker = 1; worker < links.peers(); worker++) {
      Set<String> vertices = verticesOf(worker);
      Iterator<Letter> parts =
          restored
              .map(checkpoint -> lettersOf(checkpoint, vertices))
              .orElseGet(() -> List.<Letter>of().iterator());
      members.add(new Member(worker, hosts.hostOf(worker) == 0, parts));
    }
    plan.chains().forEach(this::note);
    this.relay =
        new Relay(new TaskId("tasks", 0), links, wiring.departing(), wiring.arriving(), this);
    this.thread = new WorkerThread("relay", List.of(relay), reports);
  }

  /** Where the others join. */
  TaskRendezvous rendezvous() {
    return group.rendezvous(links.address());
  }

  /** Gives the relay its thread. */
  void startThread() {
    thread.start();
  }

  /** What has to have a turn where nothing has threads. */
  Relay relay() {
    return relay;
  }

  List<Member> members() {
    return members;
  }

  /** The tasks that others run. */
  Set<TaskId> tasks() {
    return tasks;
  }

  /** The splits that others read. */
  List<? extends SourcePosition> sources() {
    return List.copyOf(sources.values());
  }

  /** What to say of streams that were refused since this was asked last. */
  Optional<String> newRefusals() {
    return refused.fresh();
  }

  @Override
  public int write(Post post) {
    int work = 0;
    boolean isEnd = isOver && !hasToldEnd;
    boolean isDue = clockNs.getAsLong() - nextBeatNs >= 0;
    look();
    for (int i = 0; i < members.size(); i++) {
      Member member = members.get(i);
      if (isEnd) {
        post.send(member.worker, new Letter.Over().toBytes());
      } else {
        work += write(member, post, isDue);
      }
    }
    if (isDue) {
      nextBeatNs = clockNs.getAsLong() + MemberWatch.BEAT_NS;
    }
    hasToldEnd |= isEnd;
    return work;
  }

  private int write(Member member, Post post, boolean isDue) {
    int work = 0;
    if (!member.hasStarted && !post.isBehind(member.worker)) {
      // One at a time: what waits to be sent is in memory.
      post.send(
          member.worker,
          (member.restored.hasNext() ? member.restored.next() : begun(member)).toBytes());
      work++;
    } else if (member.hasStarted && !member.told.equals(told)) {
      member.told = told;
      post.send(member.worker, told.toBytes());
      work++;
    }
    if (isDue && !post.isBehind(member.worker)) {
      post.send(member.worker, member.beat);
    }
    return work;
  }

  private Letter begun(Member member) {
    member.hasStarted = true;
    return start;
  }

  /** What the master announces is written down anew where it has changed. */
  private void look() {
    boolean hasChanged =
        signals.requestedCheckpoint() != told.requested()
            || signals.committedCheckpoint() != told.committed()
            || signals.isCheckpointWanted() != told.isWanted()
            || !signals.endedSources().equals(toldEnded);
    if (hasChanged) {
      toldEnded = signals.endedSources();
      told =
          new Letter.Signals(
              signals.requestedCheckpoint(),
              signals.committedCheckpoint(),
              signals.isCheckpointWanted(),
              List.copyOf(toldEnded));
    }
  }

  @Override
  public void take(int from, ByteReader bytes) {
    switch (Letter.read(bytes)) {
      case Letter.Beat(long process) -> {
        Member member = members.get(from - 1);
        member.process = process;
        member.beats.incrementAndGet();
      }
      case Letter.Position position -> sources.get(position.task()).move(position);
      case Letter.Captured captured -> reports.send(ReportLetters.toReport(captured));
      case Letter.Complete(TaskId task) -> reports.send(new TaskReport.Complete(task));
      case Letter.Measured(TaskId task, Map<String, Double> metrics) ->
          reports.send(new TaskReport.Measured(task, metrics));
      case Letter.Presented(TaskId task, String name, String text) ->
          reports.send(new TaskReport.Presented(task, name, text));
      case Letter.Failed(TaskId task, ErrorCode code, String sentence) ->
          reports.send(new TaskReport.Failed(task, new EngineException(code, sentence)));
      case Letter.State _, Letter.Start _, Letter.Signals _, Letter.Over _ ->
          throw new EngineException(
              ErrorCode.INTERNAL, "worker " + from + " has written what only the leading one may");
    }
  }

  /** Sends the others home; idempotent. */
  @Override
  public void close() {
    isOver = true;
    thread.close();
    relay.close();
  }

  private void note(Chain chain) {
    if (chain.head().role() instanceof Role.Trains) {
      return;
    }
    for (int subtask = 0; subtask < chain.parallelism(); subtask++) {
      if (chain.slots().get(subtask).worker() > 0) {
        TaskId id = new TaskId(chain.head().id(), subtask);
        tasks.add(id);
        if (chain.head().role() instanceof Role.Reads(Source<?> source, var _)) {
          sources.put(id, new RemoteSource(id, source.splits().get(subtask)));
        }
      }
    }
  }

  private Set<String> verticesOf(int worker) {
    return plan.chains().stream()
        .filter(chain -> !(chain.head().role() instanceof Role.Trains))
        .filter(chain -> chain.slots().stream().anyMatch(slot -> slot.worker() == worker))
        .flatMap(chain -> chain.vertices().stream())
        .map(Vertex::id)
        .collect(Collectors.toSet());
  }

  private static Iterator<Letter> lettersOf(StoredCheckpoint checkpoint, Set<String> vertices) {
    return checkpoint.manifest().parts().stream()
        .filter(part -> vertices.contains(part.vertex()))
        .sorted(Comparator.comparingInt(Part::subtask))
        .<Letter>map(part -> new Letter.State(part.vertex(), part.kind(), checkpoint.read(part)))
        .iterator();
  }
}
