package io.tidemill.local;

import io.tidemill.device.Device;
import io.tidemill.dsl.Params;
import io.tidemill.dsl.PipelineDefinition;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.graph.DataflowGraph;
import io.tidemill.graph.Role;
import io.tidemill.graph.Vertex;
import io.tidemill.link.PeerLinks;
import io.tidemill.link.PeerNetwork;
import io.tidemill.storage.DurableFiles;
import io.tidemill.task.Reports;
import io.tidemill.task.Task;
import io.tidemill.task.TaskId;
import io.tidemill.task.WorkerThread;
import io.tidemill.train.Gang;
import io.tidemill.train.GangFile;
import io.tidemill.train.GangIdentity;
import io.tidemill.train.GangMirror;
import io.tidemill.train.MemberTask;
import io.tidemill.train.Roster;
import io.tidemill.train.SampleLog;
import io.tidemill.train.Training;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;

/**
 * A process that works one rank of a training beside the process that leads the job.
 *
 * <p>It defines the same pipeline, shares the memory of the training, and leaves when the attempt
 * is over or the leading process is gone. {@link #run} blocks the calling thread, which beats
 * meanwhile.
 */
public final class GangMember {
  private final LocalJob job;
  private final JobOptions options;
  private final Seat seat;
  private final PeerNetwork network;

  /**
   * What a process takes on.
   *
   * @param place where the ranks meet
   * @param rank from 1
   * @param threads that work the rank
   * @param patience for how long the leading process may be silent
   * @param joinPatience for how long the process waits for the others of its host
   */
  public record Seat(
      Rendezvous place, int rank, int threads, Duration patience, Duration joinPatience) {
    public Seat {
      if (rank < 1 || threads < 1) {
        throw new EngineException(
            ErrorCode.INVALID_ARGUMENT,
            "a process joins with rank and threads of at least 1, found rank=%d threads=%d"
                .formatted(rank, threads));
      }
    }

    /** With the patience that the leading process has by default. */
    public static Seat of(Rendezvous place, int rank, int threads) {
      return new Seat(place, rank, threads, MemberOptions.PATIENCE, MemberOptions.JOIN_PATIENCE);
    }

    int host() {
      return place.hosts().hostOf(rank);
    }

    /** Whether it is the first of another host, whose memory it makes. */
    boolean leadsHost() {
      return host() > 0 && place.hosts().firstRank(host()) == rank;
    }

    Path memory() {
      return place.memoryOf(host());
    }
  }

  private GangMember(LocalJob job, JobOptions options, Seat seat, PeerNetwork network) {
    this.job = job;
    this.options = options;
    this.seat = seat;
    this.network = network;
  }

  /**
   * Defines the pipeline; with the parameters and the options of the leading process, of which job,
   * seed and device count here.
   *
   * @param network to reach the other hosts by, where there are any
   */
  public static GangMember join(
      PipelineDefinition definition,
      Params params,
      JobOptions options,
      Seat seat,
      PeerNetwork network) {
    return new GangMember(LocalJob.define(definition, params, options), options, seat, network);
  }

  /**
   * Works the rank until there is nothing left to do.
   *
   * @return why it left, a sentence
   * @throws EngineException where it may not join; and where the rank failed, which the leading
   *     process then fails with
   */
  public String run() {
    try (Device device = job.openDevice()) {
      String vertex = seat.place.training();
      Training<?> training = training(vertex);
      GangIdentity identity =
          Gangs.identity(options, seat.place.hosts(), seat.place.generation(), job.graph(), device)
              .of(vertex, training);
      if (seat.rank >= identity.ranks()) {
        throw refused(vertex, "the training has " + identity.ranks() + " ranks");
      }
      return seat.leadsHost()
          ? leadHost(identity, training, device)
          : follow(identity, training, device);
    }
  }

  /** Works a rank in memory that another process of this host has made. */
  private String follow(GangIdentity identity, Training<?> training, Device device) {
    try (GangFile file = attach(identity, training, device);
        Gang gang = new Gang(training, device, identity.hosts(), seat.host(), file)) {
      return work(gang, file, new TaskId(identity.training(), seat.rank), new Reports());
    }
  }

  /** Of another host than the leading one, its first rank makes the memory while this one comes. */
  private GangFile attach(GangIdentity identity, Training<?> training, Device device) {
    long begunNs = System.nanoTime();
    while (true) {
      try {
        return GangFile.attach(seat.memory(), identity, training, device);
      } catch (EngineException e) {
        if (seat.host() == 0 || System.nanoTime() - begunNs > seat.joinPatience.toNanos()) {
          throw e;
        }
        LockSupport.parkNanos(MemberWatch.BEAT_NS);
      }
    }
  }

  /** Works the first rank of a host, and keeps its memory what it is on the others. */
  private String leadHost(GangIdentity identity, Training<?> training, Device device) {
    TaskId id = new TaskId(identity.training(), seat.rank);
    PeerNetwork.Group group = Gangs.group(identity, seat.place.secret());
    Path samples = samples();
    try (GangFile file = GangFile.create(seat.memory(), identity, samples, training, device);
        Gang gang = new Gang(training, device, identity.hosts(), seat.host(), file);
        SampleLog log = gang.createLog(samples)) {
      PeerLinks links = network.join(group, seat.host(), seat.place.address());
      Reports reports = new Reports();
      GangMirror mirror = new GangMirror(id, gang, file, log, links);
      try (HostMirror running = new HostMirror(mirror, reports)) {
        running.start();
        return work(gang, file, id, reports);
      }
    } finally {
      delete(samples);
    }
  }

  /** Where this host has the rows: a copy, which the attempt needs and nobody after it. */
  private Path samples() {
    Path folder = Path.of(System.getProperty("java.io.tmpdir"));
    seat.place.deleteEarlier(folder, seat.host());
    seat.place.deleteEarlier(seat.memory().getParent(), seat.host());
    return folder.resolve(seat.memory().getFileName());
  }

  private static void delete(Path samples) {
    try {
      DurableFiles.deleteTree(samples);
    } catch (IOException e) {
      throw new EngineException(ErrorCode.RESOURCE, "cannot delete " + samples + ": " + e, e);
    }
  }

  private Training<?> training(String vertex) {
    DataflowGraph graph = job.graph();
    for (Vertex one : graph.vertices()) {
      if (one.id().equals(vertex) && one.role() instanceof Role.Trains(Training<?> training)) {
        return training;
      }
    }
    throw refused(
        vertex, "this pipeline, " + graph.fingerprint() + ", trains nothing of that name");
  }

  private String work(Gang gang, GangFile file, TaskId id, Reports reports) {
    Roster roster = gang.roster();
    long own = ProcessHandle.current().pid();
    long holder = roster.join(seat.rank, own);
    if (holder != own) {
      throw refused(id.vertex(), "process " + holder + " has joined before");
    }
    try (MemberTask task = new MemberTask(id, seat.threads, gang, file, options.seed())) {
      List<WorkerThread> threads = threads(task, reports);
      threads.forEach(WorkerThread::start);
      try {
        return watch(roster, file, reports, id);
      } finally {
        threads.forEach(WorkerThread::close);
      }
    } catch (EngineException e) {
      roster.fail(seat.rank, e);
      throw e;
    }
  }

  private List<WorkerThread> threads(MemberTask task, Reports reports) {
    List<WorkerThread> threads = new ArrayList<>();
    for (int thread = 0; thread < seat.threads; thread++) {
      List<Task> tasks = new ArrayList<>(List.of(task.shardTask(thread)));
      if (thread == 0) {
        tasks.add(task);
      }
      String name = "worker-" + seat.rank + "-" + thread;
      threads.add(new WorkerThread(name, tasks, reports));
    }
    return threads;
  }

  /** Beats and looks after the leading process; nothing here holds a step up. */
  private String watch(Roster roster, GangFile file, Reports reports, TaskId id) {
    long nowNs = System.nanoTime();
    Pulse pulse = Pulse.of(roster, 0, seat.patience, nowNs);
    LeaderWatch leader = new LeaderWatch(pulse, seat.joinPatience, seat.place.address(), nowNs);
    while (true) {
      roster.beat(seat.rank);
      if (roster.isOver()) {
        return "rank " + seat.rank + " of training " + id.vertex() + " leaves: the attempt is over";
      }
      Optional<String> lost = leader.lost();
      if (lost.isPresent()) {
        if (leader.hasEnded()) {
          file.delete(); // nobody else will
        }
        return "rank %d of training %s leaves: the leading %s"
            .formatted(seat.rank, id.vertex(), lost.get());
      }
      LeaderWatch.await(reports);
    }
  }

  private EngineException refused(String vertex, String why) {
    return new EngineException(
        ErrorCode.INVALID_ARGUMENT,
        "process %d cannot work rank %d of training %s: %s"
            .formatted(ProcessHandle.current().pid(), seat.rank, vertex, why));
  }
}
