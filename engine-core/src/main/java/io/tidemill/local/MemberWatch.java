package io.tidemill.local;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.task.Reports;
import io.tidemill.task.TaskId;
import io.tidemill.task.TaskReport;
import io.tidemill.train.Roster;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;

/**
 * Beats for the leading process, and fails the job when a process that works a rank, or runs tasks,
 * is lost.
 *
 * <p>Has a thread of its own: neither a step nor a disk that is slow may hold its beat up.
 */
final class MemberWatch implements AutoCloseable {
  static final long BEAT_NS = TimeUnit.MILLISECONDS.toNanos(20);

  private final MemberOptions options;
  private final Reports reports;
  private final List<TrainingRun> runs;
  private final Optional<TaskLead> lead;
  private final List<Seat> seats = new ArrayList<>();
  private final Thread thread;
  private volatile boolean running = true;

  /**
   * What another process does, or is to.
   *
   * @param failure what it says that it failed with
   * @param beginning of the sentence that says it is lost
   */
  private record Seat(
      TaskId id,
      Pulse pulse,
      Supplier<Optional<EngineException>> failure,
      Supplier<String> beginning) {}

  /**
   * Of one attempt.
   *
   * @param runs those whose memory is shared
   * @param lead tasks in other processes
   * @param reached how far the job is, in words
   */
  MemberWatch(
      MemberOptions options,
      List<TrainingRun> runs,
      Optional<TaskLead> lead,
      Supplier<String> reached,
      Reports reports) {
    this.options = options;
    this.reports = reports;
    this.runs = runs;
    this.lead = lead;
    this.thread = Thread.ofPlatform().daemon().name("member-watch").unstarted(this::run);
    long nowNs = System.nanoTime();
    for (TrainingRun run : runs) {
      run.gang().roster().join(0, ProcessHandle.current().pid());
      for (int rank = 1; rank < run.ranks(); rank++) {
        seats.add(seat(run, rank, nowNs));
      }
    }
    lead.stream()
        .flatMap(others -> others.members().stream())
        .forEach(member -> seats.add(seat(member, reached, nowNs)));
  }

  private Seat seat(TrainingRun run, int rank, long nowNs) {
    Roster roster = run.gang().roster();
    return new Seat(
        new TaskId(run.vertex(), rank),
        Pulse.of(roster, rank, options.patience(), nowNs),
        () -> roster.failure(rank),
        () ->
            "rank %d of training %s is lost after step %d"
                .formatted(rank, run.vertex(), run.progress().step()));
  }

  private Seat seat(TaskLead.Member member, Supplier<String> reached, long nowNs) {
    return new Seat(
        new TaskId("tasks", member.worker),
        new Pulse(member::process, member::beats, options.patience(), nowNs),
        Optional::empty,
        () -> "worker %d is lost after %s".formatted(member.worker, reached.get()));
  }

  void start() {
    if (!seats.isEmpty()) {
      thread.start();
    }
  }

  /** Ends the thread and sends the processes home; idempotent. */
  @Override
  public void close() {
    runs.forEach(TrainingRun::dismiss);
    lead.ifPresent(TaskLead::close);
    running = false;
    LockSupport.unpark(thread);
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void run() {
    long startedNs = System.nanoTime();
    while (running) {
      runs.forEach(run -> run.gang().roster().beat(0));
      long nowNs = System.nanoTime();
      seats.removeIf(seat -> isLost(seat, nowNs, nowNs - startedNs));
      LockSupport.parkNanos(BEAT_NS);
    }
  }

  private boolean isLost(Seat seat, long nowNs, long waitedNs) {
    Optional<String> lost = seat.pulse.look(nowNs).or(() -> absent(seat, waitedNs));
    // What a process says before it ends counts more than that it has ended.
    Optional<EngineException> failure =
        seat.failure.get().or(() -> lost.map(what -> lost(seat, what)));
    failure.ifPresent(cause -> reports.send(new TaskReport.Failed(seat.id, cause)));
    return failure.isPresent();
  }

  private Optional<String> absent(Seat seat, long waitedNs) {
    Duration joinPatience = options.joinPatience();
    return !seat.pulse.hasJoined() && waitedNs > joinPatience.toNanos()
        ? Optional.of("no process has joined it within " + joinPatience.toMillis() + " ms")
        : Optional.empty();
  }

  private EngineException lost(Seat seat, String what) {
    String sentence = seat.beginning.get() + ": " + what;
    options.members().lost(seat.id.subtask(), sentence);
    return new EngineException(ErrorCode.RESOURCE, sentence);
  }
}
