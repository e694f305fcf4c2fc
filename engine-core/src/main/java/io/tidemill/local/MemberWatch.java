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

/**
 * Beats for the leading process, and fails the job when a process that works a rank is lost.
 *
 * <p>Has a thread of its own: neither a step nor a disk that is slow may hold its beat up.
 */
final class MemberWatch implements AutoCloseable {
  static final long BEAT_NS = TimeUnit.MILLISECONDS.toNanos(20);

  private final MemberOptions options;
  private final Reports reports;
  private final List<TrainingRun> runs;
  private final List<Seat> seats = new ArrayList<>();
  private final Thread thread;
  private volatile boolean running = true;

  /** A rank that another process works, or is to. */
  private record Seat(TrainingRun run, Roster roster, int rank, Pulse pulse) {}

  /** {@code runs} are those whose memory is shared. */
  MemberWatch(MemberOptions options, List<TrainingRun> runs, Reports reports) {
    this.options = options;
    this.reports = reports;
    this.runs = runs;
    this.thread = Thread.ofPlatform().daemon().name("member-watch").unstarted(this::run);
    for (TrainingRun run : runs) {
      Roster roster = run.gang().roster();
      roster.join(0, ProcessHandle.current().pid());
      for (int rank = 1; rank < run.ranks(); rank++) {
        Pulse pulse = new Pulse(roster, rank, options.patience(), System.nanoTime());
        seats.add(new Seat(run, roster, rank, pulse));
      }
    }
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
        seat.roster.failure(seat.rank).or(() -> lost.map(what -> lost(seat, what)));
    failure.ifPresent(
        cause -> reports.send(new TaskReport.Failed(new TaskId(vertex(seat), seat.rank), cause)));
    return failure.isPresent();
  }

  private Optional<String> absent(Seat seat, long waitedNs) {
    Duration joinPatience = options.joinPatience();
    return !seat.pulse.hasJoined() && waitedNs > joinPatience.toNanos()
        ? Optional.of("no process has joined it within " + joinPatience.toMillis() + " ms")
        : Optional.empty();
  }

  private EngineException lost(Seat seat, String what) {
    String sentence =
        "rank %d of training %s is lost after step %d: %s"
            .formatted(seat.rank, vertex(seat), seat.run.progress().step(), what);
    options.members().lost(seat.rank, sentence);
    return new EngineException(ErrorCode.RESOURCE, sentence);
  }

  private static String vertex(Seat seat) {
    return seat.run.vertex();
  }
}
