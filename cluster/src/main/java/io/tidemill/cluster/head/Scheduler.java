package io.tidemill.cluster.head;

import io.tidemill.cluster.job.Assignment;
import io.tidemill.cluster.job.AttemptStatus;
import io.tidemill.cluster.job.Job;
import io.tidemill.cluster.job.JobSpec;
import io.tidemill.cluster.job.JobStatus;
import io.tidemill.cluster.job.JobStore;
import io.tidemill.cluster.job.ProcessEnd;
import io.tidemill.cluster.job.ProcessEnds;
import io.tidemill.cluster.job.Seat;
import io.tidemill.cluster.job.WorkerInfo;
import io.tidemill.cluster.message.HeadAnswer.JobView;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Decides which worker runs what: the head's mind, without actors, threads and clocks.
 *
 * <p>Workers report all that they run, several times a second, and are told all that they shall
 * run; so a message that is lost, or a head that has forgotten, does no harm. What must not be
 * forgotten is durable before it is acted on.
 *
 * <p>Confined to one thread. Times are those of {@link System#nanoTime}.
 */
final class Scheduler {
  /** A worker that was not heard for so long, on this host, is ended: it may have been stopped. */
  static final long SILENCE_NS = 3_000_000_000L;

  /** How long a new head waits for the workers of the one before. */
  static final long SETTLE_NS = 4_000_000_000L;

  /** Attempts lost one after another, none with a step done, after which a job is given up. */
  static final int MOST_FRUITLESS = 5;

  private final JobStore store;
  private final long startedNs;
  private final Map<String, Job> jobs = new LinkedHashMap<>();
  private final Map<String, Node> nodes = new TreeMap<>();
  private final Map<String, Live> live = new HashMap<>();
  private final Set<String> leaving = new HashSet<>();

  /** The worker that has led a job last; a job that has ended is led by nobody. */
  private final Map<String, String> leaders = new HashMap<>();

  private final Endings endings;
  private long refused;

  /** A worker, and when it was last heard. */
  private record Node(WorkerInfo worker, long heardNs) {}

  /** How an attempt stands, and the step at which it was first seen. */
  private record Live(AttemptStatus status, long firstStep) {}

  /** Goes on where {@code store} says that the head before has stopped. */
  Scheduler(JobStore store, ProcessEnds ends, long nowNs) {
    this.store = store;
    this.endings = new Endings(ends);
    this.startedNs = nowNs;
    store.load().forEach(job -> jobs.put(job.id(), job));
    running().forEach(job -> leaders.put(job.id(), job.placement().getFirst()));
  }

  /** A worker lives, and these are its attempts. */
  void report(WorkerInfo worker, List<AttemptStatus> attempts, long nowNs) {
    nodes.put(worker.id(), new Node(worker, nowNs));
    attempts.forEach(attempt -> take(worker, attempt));
    place();
  }

  /** A worker will end: it gets nothing more, and its jobs are to go on elsewhere. */
  void leaving(String worker) {
    leaving.add(worker);
  }

  /** Jobs that this worker leads and is to hand over, and why. */
  Map<String, String> yielding(String worker) {
    Map<String, String> yielding = new TreeMap<>();
    for (Job job : running()) {
      if (job.placement().getFirst().equals(worker)) {
        job.placement().stream()
            .filter(leaving::contains)
            .findFirst()
            .map(one -> "worker " + nameOf(one) + " leaves")
            .or(() -> resizing(job))
            .ifPresent(why -> yielding.put(job.id(), why));
      }
    }
    return yielding;
  }

  /**
   * Why a job is to go on with another number of workers than it has: it was asked to, or it has
   * fewer than it was asked to have, and there is room. Not before it has done a step: else it
   * might do nothing but begin.
   */
  private Optional<String> resizing(Job job) {
    int width = job.placement().size();
    int wider = Math.min(job.spec().workers(), width + slots().free());
    boolean isOther = job.spec().workers() < width || wider > width;
    Live current = live.get(job.id());
    boolean hasStepped = current != null && current.status.progress().step() > current.firstStep;
    return isOther && hasStepped
        ? Optional.of("goes on with " + wider + " workers, after " + width)
        : Optional.empty();
  }

  /** Looks for workers that are gone, and for slots. */
  void tick(long nowNs) {
    for (Node node : List.copyOf(nodes.values())) {
      WorkerInfo worker = node.worker;
      if (worker.process().isKnownDead()) {
        endings.add(worker, nowNs);
        lost(worker, ProcessEnd.unexplained(worker.process().pid()));
      } else if (nowNs - node.heardNs > SILENCE_NS && worker.process().kill()) {
        lost(
            worker,
            String.format(
                Locale.ROOT,
                "process %d was silent for %.1f s and was ended",
                worker.process().pid(),
                (nowNs - node.heardNs) / 1e9));
      }
    }
    endings.explained(nowNs).forEach(this::explain);
    if (nowNs - startedNs > SETTLE_NS) {
      running().stream()
          .filter(job -> !nodes.keySet().containsAll(job.placement()))
          .forEach(job -> interrupt(job, "its worker has not come back"));
    }
    place();
  }

  private void explain(String plain, String how) {
    jobs.values().stream()
        .filter(job -> job.lastFailure().contains(plain))
        .toList()
        .forEach(job -> keep(job.explained(plain, how)));
  }

  /** The cluster has removed the node at this address. */
  void memberGone(String address, String why) {
    nodes.values().stream()
        .map(Node::worker)
        .filter(worker -> worker.address().equals(address))
        .toList()
        .forEach(worker -> lost(worker, why));
    place();
  }

  /** Takes a job on; its id is its name and a number. */
  Job submit(JobSpec spec, String name, String fingerprint, Instant now) {
    if (spec.workers() < 1) {
      throw new EngineException(
          ErrorCode.INVALID_ARGUMENT, "workers has to be at least 1, is " + spec.workers());
    }
    long number = jobs.values().stream().mapToLong(Job::number).max().orElse(0) + 1;
    int suffix = 1;
    while (store.isTaken(name + "-" + suffix)) {
      suffix++;
    }
    Job job = keep(Job.queued(name + "-" + suffix, number, spec, fingerprint, now));
    place();
    return jobs.get(job.id());
  }

  /** Ends a job; its last checkpoint stays. */
  Job cancel(String id) {
    Job job = find(id);
    if (job.status().isEnd()) {
      throw conflict(job, "it cannot be cancelled");
    }
    return end(job.in(JobStatus.CANCELLED, "cancelled by request"));
  }

  /** Queues a job again that has failed or was cancelled. */
  Job resume(String id) {
    Job job = find(id);
    if (!job.status().isResumable()) {
      throw conflict(job, "it cannot be resumed");
    }
    keep(job.in(JobStatus.QUEUED, ""));
    place();
    return jobs.get(id);
  }

  /** A job that runs at this moment. */
  Job running(String id) {
    Job job = find(id);
    if (job.status() != JobStatus.RUNNING) {
      throw conflict(job, "it has to be RUNNING for that");
    }
    return job;
  }

  /**
   * Has a job go on with another number of workers: one that runs takes a checkpoint at its next
   * step, and its next attempt goes on from there, on as many as there is room for.
   */
  Job scale(String id, int workers) {
    Job job = find(id);
    if (job.status().isEnd()) {
      throw conflict(job, "it cannot be scaled");
    }
    if (workers < 1) {
      throw new EngineException(
          ErrorCode.INVALID_ARGUMENT, "workers has to be at least 1, is " + workers);
    }
    keep(job.with(job.spec().withWorkers(workers)));
    place();
    return jobs.get(id);
  }

  /** All that a worker is to run. */
  List<Assignment> assignments(String worker) {
    return running().stream()
        .flatMap(this::parts)
        .filter(part -> jobs.get(part.job()).placement().get(part.rank()).equals(worker))
        .toList();
  }

  /** The leading part of a job's attempt, and once that has made seats, a part for each of them. */
  private Stream<Assignment> parts(Job job) {
    Stream<Assignment> others =
        Stream.ofNullable(live.get(job.id()))
            .filter(found -> found.status.attempt() == job.attempt())
            .flatMap(found -> found.status.seats().stream())
            .flatMap(
                seat ->
                    IntStream.range(1, seat.ranks())
                        .mapToObj(rank -> part(job, rank, Optional.of(seat))));
    return Stream.concat(Stream.of(part(job, 0, Optional.empty())), others);
  }

  private static Assignment part(Job job, int rank, Optional<Seat> seat) {
    return new Assignment(
        job.id(),
        job.attempt(),
        job.spec(),
        job.attempt() > 1,
        job.hosts(),
        job.fingerprint(),
        rank,
        seat);
  }

  /** One job as it stands. */
  JobView view(String id) {
    Job job = find(id);
    return new JobView(job, Optional.ofNullable(live.get(id)).map(Live::status));
  }

  /** All jobs as they stand, the first submitted first. */
  List<JobView> views() {
    return jobs.keySet().stream().map(this::view).toList();
  }

  List<WorkerInfo> workers() {
    return nodes.values().stream().map(Node::worker).toList();
  }

  /** Reports of attempts that had been replaced. */
  long refused() {
    return refused;
  }

  private void take(WorkerInfo worker, AttemptStatus attempt) {
    Job job = jobs.get(attempt.job());
    boolean isCurrent =
        job != null
            && job.status() == JobStatus.RUNNING
            && job.attempt() == attempt.attempt()
            && attempt.rank() < job.placement().size()
            && job.placement().get(attempt.rank()).equals(worker.id());
    if (!isCurrent) {
      refused += job != null && attempt.attempt() < job.attempt() ? 1 : 0;
      return;
    }
    if (attempt.state() == AttemptStatus.State.INTERRUPTED) {
      if (resizing(job).filter(attempt.outcome()::equals).isPresent()) {
        live.remove(job.id());
        keep(job.in(JobStatus.QUEUED, attempt.outcome()));
      } else {
        interrupt(job, attempt.outcome());
      }
    } else if (attempt.rank() == 0) {
      takeLeading(job, attempt);
    }
  }

  private void takeLeading(Job job, AttemptStatus attempt) {
    switch (attempt.state()) {
      case RUNNING, INTERRUPTED ->
          live.merge(
              job.id(),
              new Live(attempt, attempt.progress().step()),
              (old, latest) ->
                  old.status.attempt() == attempt.attempt()
                      ? new Live(attempt, old.firstStep)
                      : latest);
      case FINISHED -> end(job.finished(attempt.outcome()));
      case FAILED -> end(job.in(JobStatus.FAILED, attempt.outcome()));
    }
  }

  private void lost(WorkerInfo worker, String why) {
    nodes.remove(worker.id());
    leaving.remove(worker.id());
    running().stream()
        .filter(job -> job.placement().contains(worker.id()))
        .forEach(job -> interrupt(job, "worker " + worker.name() + " was lost: " + why));
  }

  private void interrupt(Job job, String why) {
    Live last = live.remove(job.id());
    boolean isFruitless = last == null || last.status.progress().step() <= last.firstStep;
    Job waiting = job.interrupted(why, isFruitless);
    keep(
        waiting.fruitless() < MOST_FRUITLESS
            ? waiting
            : waiting.in(
                JobStatus.FAILED,
                "given up after %d attempts without a step; of the last: %s"
                    .formatted(MOST_FRUITLESS, why)));
  }

  /**
   * Gives slots to those who wait, in the order of their submission. A job begins with all of its
   * workers or waits; one that has begun goes on with those that are left.
   */
  private void place() {
    for (Job job : List.copyOf(jobs.values())) {
      if (job.status() == JobStatus.QUEUED) {
        int wanted = job.spec().workers();
        Slots slots = slots();
        int least = job.attempt() == 0 ? wanted : 1;
        if (slots.free() < least) {
          jobs.put(job.id(), job.in(JobStatus.QUEUED, waiting(wanted, slots)));
        } else {
          Slots.Placement taken = slots.take(Math.min(wanted, slots.free()), leader(job));
          leaders.put(job.id(), taken.workers().getFirst());
          keep(job.started(taken.workers(), taken.hosts().toString()));
        }
      }
    }
  }

  private Optional<WorkerInfo> leader(Job job) {
    return Optional.ofNullable(leaders.get(job.id())).map(nodes::get).map(Node::worker);
  }

  private static String waiting(int wanted, Slots slots) {
    return "waits for slots: needs %d, %d of %d are free"
        .formatted(wanted, slots.free(), slots.all());
  }

  private Slots slots() {
    return new Slots(workers(), leaving, running());
  }

  private String nameOf(String id) {
    return Optional.ofNullable(nodes.get(id)).map(node -> node.worker.name()).orElse(id);
  }

  private List<Job> running() {
    return jobs.values().stream().filter(job -> job.status() == JobStatus.RUNNING).toList();
  }

  private Job end(Job job) {
    live.remove(job.id());
    leaders.remove(job.id());
    keep(job);
    place();
    return job;
  }

  private Job keep(Job job) {
    store.put(job);
    jobs.put(job.id(), job);
    return job;
  }

  private Job find(String id) {
    Job job = jobs.get(id);
    if (job == null) {
      throw new EngineException(
          ErrorCode.NOT_FOUND,
          "there is no job "
              + id
              + "; there "
              + (jobs.isEmpty() ? "are none" : "is " + jobs.keySet()));
    }
    return job;
  }

  private static EngineException conflict(Job job, String what) {
    return new EngineException(
        ErrorCode.INVALID_ARGUMENT, "job %s is %s: %s".formatted(job.id(), job.status(), what));
  }
}
