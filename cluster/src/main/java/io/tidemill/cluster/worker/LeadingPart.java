package io.tidemill.cluster.worker;

import io.tidemill.checkpoint.JobDirectory;
import io.tidemill.checkpoint.StoredCheckpoint;
import io.tidemill.cluster.job.Assignment;
import io.tidemill.cluster.job.AttemptStatus;
import io.tidemill.cluster.job.AttemptStatus.Reached;
import io.tidemill.cluster.job.AttemptStatus.State;
import io.tidemill.cluster.job.Seat;
import io.tidemill.cluster.message.HeadAnswer;
import io.tidemill.cluster.message.HeadAnswer.Graph;
import io.tidemill.cluster.message.HeadAnswer.Saved;
import io.tidemill.cluster.message.Question;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.local.JobListener;
import io.tidemill.local.JobReport;
import io.tidemill.local.JsonReport;
import io.tidemill.local.LocalJob;
import io.tidemill.local.MemberOptions;
import io.tidemill.local.Members;
import io.tidemill.local.Rendezvous;
import io.tidemill.local.TaskRendezvous;
import io.tidemill.train.GangHosts;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * An attempt of a job, on a thread of its own, with all that belongs to it but the ranks and tasks
 * that other processes have; ends by itself, by {@link #cancel}, or with the process.
 */
final class LeadingPart implements Part, JobListener, Members {
  private static final long LOOK_FOR_LOCK_MS = 50;
  private static final long HAND_OVER_SECONDS = 5;
  private static final long LOCK_PATIENCE_NS = 30_000_000_000L;

  private final Assignment assignment;
  private final JobSetup setup;
  private final Runnable onEnd;
  private final CountDownLatch cancelled = new CountDownLatch(1);
  private final List<Seat> seats = new CopyOnWriteArrayList<>();
  private final AtomicBoolean isHandedOver = new AtomicBoolean();
  private volatile boolean hasLostRank;
  private volatile AttemptStatus status;
  private volatile LocalJob job;

  private LeadingPart(Assignment assignment, JobSetup setup, Runnable onEnd) {
    this.assignment = assignment;
    this.setup = setup;
    this.onEnd = onEnd;
    this.status = in(State.RUNNING, Reached.NONE, "");
  }

  /** Starts it; {@code onEnd} is called once, on a thread of its own. */
  static Part start(Assignment assignment, JobSetup setup, Runnable onEnd) {
    LeadingPart part = new LeadingPart(assignment, setup, onEnd);
    Thread.ofPlatform().name("job-" + assignment.job()).daemon().start(part::run);
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

  /** Its last checkpoint stays. */
  @Override
  public void cancel() {
    cancel(stopped());
  }

  private void cancel(EngineException cause) {
    cancelled.countDown();
    LocalJob running = job;
    if (running != null) {
      running.cancel(cause);
    }
  }

  /**
   * Takes a checkpoint at the next step and ends, so that the job can go on elsewhere from there;
   * where that takes too long, from an earlier one. May be called again.
   */
  void handOver(String why) {
    if (!isHandedOver.compareAndSet(false, true)) {
      return;
    }
    LocalJob running = job;
    CompletableFuture<?> taken =
        running == null ? CompletableFuture.completedFuture(null) : running.checkpoint();
    var _ = // a checkpoint that fails is no reason to stay
        taken
            .orTimeout(HAND_OVER_SECONDS, TimeUnit.SECONDS)
            .handle(
                (_, _) -> {
                  cancel(new EngineException(ErrorCode.RESOURCE, why));
                  return null;
                });
  }

  /** Answers when there is an answer; any thread. */
  CompletableFuture<HeadAnswer> answer(Question question) {
    LocalJob running = job;
    if (running == null) {
      return CompletableFuture.failedFuture(
          new EngineException(
              ErrorCode.RESOURCE, "job " + assignment.job() + " is only beginning: try again"));
    }
    return switch (question) {
      case GRAPH ->
          CompletableFuture.completedFuture(new Graph(assignment.job(), attempt(), running.view()));
      case SAVEPOINT -> running.savepoint().thenApply(this::saved);
    };
  }

  private Saved saved(StoredCheckpoint checkpoint) {
    return new Saved(
        assignment.job(),
        checkpoint.number(),
        checkpoint.manifest().progress().step(),
        checkpoint.folder().toString());
  }

  @Override
  public void progress(JobListener.Progress progress) {
    status =
        in(
            State.RUNNING,
            new Reached(
                progress.step(),
                progress.totalSteps().orElse(-1),
                progress.samples(),
                progress.samplesPerSecond(),
                progress.loss().orElse(0)),
            "");
  }

  @Override
  public void join(Rendezvous place) {
    offer(Seat.of(place));
  }

  @Override
  public void joinTasks(TaskRendezvous place) {
    offer(Seat.of(place));
  }

  private void offer(Seat seat) {
    seats.add(seat);
    status = in(State.RUNNING, status.progress(), "");
    onEnd.run(); // the head has to hear of it now
  }

  @Override
  public void lost(int rank, String sentence) {
    hasLostRank = true;
  }

  private void run() {
    try (JobLog log = JobLog.open(setup.state(), assignment)) {
      log.line("attempt " + assignment.attempt() + " begins");
      try {
        String report = JsonReport.of(runJob(log));
        log.line("finished: " + report);
        end(State.FINISHED, report);
      } catch (EngineException e) {
        log.line("failed: " + e.getMessage());
        end(hasLostRank || isHandedOver.get() ? State.INTERRUPTED : State.FAILED, e.getMessage());
      } catch (RuntimeException | Error e) { // a thread that dies would leave the job running
        log.line("failed: " + e);
        end(State.FAILED, "internal failure: " + e);
      }
    } catch (EngineException e) {
      end(State.FAILED, e.getMessage());
    } finally {
      onEnd.run();
    }
  }

  private JobReport runJob(JobLog log) {
    Pipelines.Named named = setup.pipeline(assignment);
    awaitPrevious();
    LocalJob defined =
        LocalJob.define(
            named.definition(), setup.params(assignment), setup.options(assignment, named));
    String found = defined.graph().fingerprint();
    if (!found.equals(assignment.fingerprint())) {
      throw new EngineException(
          ErrorCode.INVALID_ARGUMENT,
          "pipeline %s differs between nodes: expected fingerprint %s, found %s; give all nodes the same jars and data"
              .formatted(
                  named.name(), assignment.fingerprint().substring(0, 12), found.substring(0, 12)));
    }
    job = defined;
    if (cancelled.getCount() == 0) {
      throw stopped();
    }
    JobListener listener = new Both(this, log);
    return GangHosts.parse(assignment.hosts()).allRanks() == 1
        ? defined.run(listener)
        : defined.run(
            listener,
            MemberOptions.of(this).withHosts(GangHosts.parse(assignment.hosts()), setup.network()));
  }

  /** The attempt before may still be ending, here or in a process that has been told to. */
  private void awaitPrevious() {
    long started = System.nanoTime();
    try {
      while (JobDirectory.isHeld(setup.state(), assignment.job())
          && System.nanoTime() - started < LOCK_PATIENCE_NS
          && !cancelled.await(LOOK_FOR_LOCK_MS, TimeUnit.MILLISECONDS)) {}
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw stopped();
    }
  }

  private EngineException stopped() {
    return new EngineException(
        ErrorCode.RESOURCE,
        "attempt " + assignment.attempt() + " of job " + assignment.job() + " was stopped");
  }

  private void end(State ended, String outcome) {
    status = in(ended, status.progress(), outcome);
  }

  private AttemptStatus in(State state, Reached progress, String outcome) {
    return new AttemptStatus(
        assignment.job(), assignment.attempt(), 0, state, progress, seats, outcome);
  }

  /** Two who watch. */
  private record Both(JobListener first, JobListener second) implements JobListener {
    @Override
    public void progress(JobListener.Progress progress) {
      first.progress(progress);
      second.progress(progress);
    }

    @Override
    public void notice(String sentence) {
      first.notice(sentence);
      second.notice(sentence);
    }

    @Override
    public void published(JobReport.PublishedModel model) {
      first.published(model);
      second.published(model);
    }
  }
}
