package io.tidemill.local;

import io.tidemill.device.Device;
import io.tidemill.dsl.Params;
import io.tidemill.dsl.PipelineDefinition;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.graph.DataflowGraph;
import io.tidemill.graph.Role;
import io.tidemill.graph.Vertex;
import io.tidemill.task.Reports;
import io.tidemill.task.Task;
import io.tidemill.task.TaskId;
import io.tidemill.task.TaskReport;
import io.tidemill.task.WorkerThread;
import io.tidemill.train.Gang;
import io.tidemill.train.GangFile;
import io.tidemill.train.GangIdentity;
import io.tidemill.train.MemberTask;
import io.tidemill.train.Roster;
import io.tidemill.train.Training;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

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

  /**
   * Where a process joins, see {@link Members#join}.
   *
   * @param memory file that the leading process has made
   * @param generation of its attempt
   * @param rank from 1
   * @param threads that work the rank
   * @param patience for how long the leading process may be silent
   */
  public record Seat(Path memory, long generation, int rank, int threads, Duration patience) {
    public Seat {
      if (rank < 1 || threads < 1) {
        throw new EngineException(
            ErrorCode.INVALID_ARGUMENT,
            "a process joins with rank and threads of at least 1, found rank=%d threads=%d"
                .formatted(rank, threads));
      }
    }

    /** With the patience that the leading process has by default. */
    public static Seat of(Path memory, long generation, int rank, int threads) {
      return new Seat(memory, generation, rank, threads, MemberOptions.PATIENCE);
    }
  }

  private GangMember(LocalJob job, JobOptions options, Seat seat) {
    this.job = job;
    this.options = options;
    this.seat = seat;
  }

  /**
   * Defines the pipeline; with the parameters and the options of the leading process, of which job,
   * seed, workers and device count here.
   */
  public static GangMember join(
      PipelineDefinition definition, Params params, JobOptions options, Seat seat) {
    return new GangMember(LocalJob.define(definition, params, options), options, seat);
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
      GangIdentity expected = Gangs.identity(options, seat.generation, job.graph(), device);
      String vertex = GangFile.identity(seat.memory).training();
      Training<?> training = training(vertex);
      try (GangFile file = GangFile.attach(seat.memory, expected.of(vertex, training), training)) {
        int ranks = expected.of(vertex, training).ranks();
        if (seat.rank >= ranks) {
          throw refused(vertex, "the training has " + ranks + " ranks");
        }
        try (Gang gang = new Gang(training, device, ranks, file)) {
          return work(gang, file, new TaskId(vertex, seat.rank));
        }
      }
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

  private String work(Gang gang, GangFile file, TaskId id) {
    Roster roster = gang.roster();
    long own = ProcessHandle.current().pid();
    long holder = roster.join(seat.rank, own);
    if (holder != own) {
      throw refused(id.vertex(), "process " + holder + " has joined before");
    }
    Reports reports = new Reports();
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
    Pulse leader = new Pulse(roster, 0, seat.patience, System.nanoTime());
    while (true) {
      roster.beat(seat.rank);
      if (roster.isOver()) {
        return "rank " + seat.rank + " of training " + id.vertex() + " leaves: the attempt is over";
      }
      Optional<String> lost = leader.look(System.nanoTime());
      if (lost.isPresent()) {
        if (leader.hasEnded()) {
          file.delete(); // nobody else will
        }
        return "rank %d of training %s leaves: the leading %s"
            .formatted(seat.rank, id.vertex(), lost.get());
      }
      if (reports.receive().orElse(null) instanceof TaskReport.Failed failed) {
        throw JobMaster.sentence(failed);
      }
      pause(reports);
    }
  }

  private static void pause(Reports reports) {
    try {
      reports.await(MemberWatch.BEAT_NS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new EngineException(ErrorCode.RESOURCE, "the process was interrupted", e);
    }
  }

  private EngineException refused(String vertex, String why) {
    return new EngineException(
        ErrorCode.INVALID_ARGUMENT,
        "process %d cannot work rank %d of training %s: %s"
            .formatted(ProcessHandle.current().pid(), seat.rank, vertex, why));
  }
}
