package io.tidemill.cluster.worker;

import io.tidemill.cluster.job.Assignment;
import io.tidemill.cluster.job.AttemptStatus;
import io.tidemill.cluster.job.AttemptStatus.Reached;
import io.tidemill.cluster.job.AttemptStatus.State;
import io.tidemill.cluster.job.Seat;
import io.tidemill.error.EngineException;
import io.tidemill.local.GangMember;
import io.tidemill.local.TaskMember;
import java.util.List;

/**
 * A rank of a training, or a share of the tasks, of a job that another process leads; leaves when
 * that is over or gone, which it learns from that process and not from the head.
 */
final class MemberPart implements Part {
  private final Assignment assignment;
  private final JobSetup setup;
  private final Runnable onEnd;
  private volatile AttemptStatus status;

  private MemberPart(Assignment assignment, JobSetup setup, Runnable onEnd) {
    this.assignment = assignment;
    this.setup = setup;
    this.onEnd = onEnd;
    this.status = in(State.RUNNING, "");
  }

  /** Starts it; {@code onEnd} is called once, on a thread of its own. */
  static Part start(Assignment assignment, JobSetup setup, Runnable onEnd) {
    MemberPart part = new MemberPart(assignment, setup, onEnd);
    Thread.ofPlatform().name("rank-" + assignment.key()).daemon().start(part::runAndLog);
    return part;
  }

  @Override
  public long attempt() {
    return assignment.attempt();
  }

  @Override
  public AttemptStatus status() {
    return status;
  }

  /** The leading process says when it is over; to hurry could only harm it. */
  @Override
  public void cancel() {}

  private void runAndLog() {
    try (JobLog log = JobLog.open(setup.state(), assignment)) {
      log.line("attempt " + assignment.attempt() + " begins");
      run(log);
      boolean hasFailed = status.state() == State.INTERRUPTED;
      log.line((hasFailed ? "failed: " : "") + status.outcome());
    } catch (EngineException e) { // a disk that is full
      status = in(State.INTERRUPTED, e.getMessage());
      onEnd.run();
    }
  }

  private void run(JobLog log) {
    try {
      Seat seat = assignment.seat().orElseThrow();
      status = in(State.FINISHED, seat.takesTasks() ? takeTasks(seat, log) : takeRank(seat));
    } catch (EngineException e) {
      status = in(State.INTERRUPTED, e.getMessage());
    } catch (RuntimeException | Error e) { // a thread that dies would leave the rank running
      status = in(State.INTERRUPTED, "internal failure: " + e);
    } finally {
      onEnd.run();
    }
  }

  private String takeRank(Seat seat) {
    Pipelines.Named named = setup.pipeline(assignment);
    return GangMember.join(
            named.definition(),
            setup.params(assignment),
            setup.options(assignment, named),
            GangMember.Seat.of(seat.place(), assignment.rank(), setup.threadsOfRank(assignment)),
            setup.network())
        .run();
  }

  private String takeTasks(Seat seat, JobLog log) {
    Pipelines.Named named = setup.pipeline(assignment);
    return TaskMember.join(
            named.definition(),
            setup.params(assignment),
            setup.options(assignment, named),
            TaskMember.Seat.of(seat.tasks(), assignment.rank()),
            setup.network())
        .run(log);
  }

  private AttemptStatus in(State state, String outcome) {
    return new AttemptStatus(
        assignment.job(),
        assignment.attempt(),
        assignment.rank(),
        state,
        Reached.NONE,
        List.of(),
        outcome);
  }
}
