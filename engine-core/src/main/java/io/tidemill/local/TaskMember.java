package io.tidemill.local;

import io.tidemill.device.Device;
import io.tidemill.dsl.Params;
import io.tidemill.dsl.PipelineDefinition;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.link.PeerLinks;
import io.tidemill.link.PeerNetwork;
import io.tidemill.task.InlineFetcher;
import io.tidemill.task.Reports;
import io.tidemill.task.TaskId;
import io.tidemill.task.TaskReport;
import io.tidemill.task.ThreadFetcher;
import io.tidemill.task.WorkerThread;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * A process that runs its share of the tasks of a job beside the process that leads it.
 *
 * <p>It defines the same pipeline, is given the state of its tasks, and leaves when the attempt is
 * over or the leading process is gone. {@link #run} blocks the calling thread.
 */
public final class TaskMember {
  private final LocalJob job;
  private final JobOptions options;
  private final Seat seat;
  private final PeerNetwork network;

  /**
   * What a process takes on.
   *
   * @param place where the workers meet
   * @param worker which it is, from 1
   * @param patience for how long the leading process may be silent
   * @param joinPatience for how long the process waits to hear of it at all
   */
  public record Seat(TaskRendezvous place, int worker, Duration patience, Duration joinPatience) {
    public Seat {
      if (worker < 1 || worker >= place.workers()) {
        throw new EngineException(
            ErrorCode.INVALID_ARGUMENT,
            "a process joins as one of the workers 1 to %d, found %d"
                .formatted(place.workers() - 1, worker));
      }
    }

    /** With the patience that the leading process has by default. */
    public static Seat of(TaskRendezvous place, int worker) {
      return new Seat(place, worker, MemberOptions.PATIENCE, MemberOptions.JOIN_PATIENCE);
    }
  }

  private TaskMember(LocalJob job, JobOptions options, Seat seat, PeerNetwork network) {
    this.job = job;
    this.options = options;
    this.seat = seat;
    this.network = network;
  }

  /**
   * Defines the pipeline; with the parameters and the options of the leading process, of which job,
   * seed and device count here.
   */
  public static TaskMember join(
      PipelineDefinition definition,
      Params params,
      JobOptions options,
      Seat seat,
      PeerNetwork network) {
    return new TaskMember(LocalJob.define(definition, params, options), options, seat, network);
  }

  /**
   * Runs the tasks until there is nothing left to do.
   *
   * @param listener is told which tasks these are; on the calling thread
   * @return why it left, a sentence
   * @throws EngineException where it may not join, or can no longer be heard by the others
   */
  public String run(JobListener listener) {
    TaskRendezvous place = seat.place;
    TaskGroup group = TaskGroup.at(place, options, job.graph());
    try (Device device = job.openDevice()) {
      PeerLinks links = network.join(group.peers(), seat.worker, place.address());
      try (TaskShare share =
          new TaskShare(
              job.graph(),
              options,
              place,
              seat.worker,
              links,
              device,
              (name, opener) ->
                  new ThreadFetcher(name, new InlineFetcher(LocalJob.FETCH_RECORDS, opener)),
              System::nanoTime)) {
        return work(share, listener);
      }
    }
  }

  private String work(TaskShare share, JobListener listener) {
    Reports ofRelay = new Reports();
    List<WorkerThread> threads = new ArrayList<>();
    threads.add(new WorkerThread("relay-" + seat.worker, List.of(share.relay()), ofRelay));
    threads.getFirst().start();
    try {
      return watch(share, ofRelay, threads, listener);
    } finally {
      threads.reversed().forEach(WorkerThread::close);
    }
  }

  /** Makes the tasks when their state has come, and looks after the leading process. */
  private String watch(
      TaskShare share, Reports ofRelay, List<WorkerThread> threads, JobListener listener) {
    long nowNs = System.nanoTime();
    Pulse pulse = new Pulse(share::leader, share::leaderBeats, seat.patience, nowNs);
    LeaderWatch leader = new LeaderWatch(pulse, seat.joinPatience, seat.place.address(), nowNs);
    boolean isMade = false;
    while (true) {
      if (share.isOver()) {
        return leaves("the attempt is over");
      }
      Optional<String> lost = leader.lost();
      if (lost.isPresent()) {
        return leaves("the leading " + lost.get());
      }
      if (!isMade && share.isReady()) {
        isMade = true;
        start(share, threads, listener);
      }
      LeaderWatch.await(ofRelay);
    }
  }

  /** What keeps a task from being made is the job's failure, as it is on the leading worker. */
  private void start(TaskShare share, List<WorkerThread> threads, JobListener listener) {
    try {
      List<TaskFactory.Placed> tasks = share.make();
      listener.notice(sentence(seat.worker, tasks));
      List<WorkerThread> ofTasks = LocalJob.threads(tasks, share.reports());
      threads.addAll(ofTasks);
      ofTasks.forEach(WorkerThread::start);
    } catch (RuntimeException e) {
      share.reports().send(new TaskReport.Failed(new TaskId("tasks", seat.worker), e));
    }
  }

  /** Which tasks a worker runs. */
  static String sentence(int worker, List<TaskFactory.Placed> tasks) {
    return tasks.stream()
        .map(placed -> placed.task().id().toString())
        .distinct()
        .collect(Collectors.joining(", ", "worker %d runs tasks ".formatted(worker), ""));
  }

  private String leaves(String why) {
    return "worker %d of job %s leaves: %s".formatted(seat.worker, options.job(), why);
  }
}
