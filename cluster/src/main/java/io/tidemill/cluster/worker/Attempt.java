package io.tidemill.cluster.worker;

import io.tidemill.checkpoint.JobDirectory;
import io.tidemill.cluster.job.Assignment;
import io.tidemill.cluster.job.AttemptStatus;
import io.tidemill.cluster.job.AttemptStatus.State;
import io.tidemill.dsl.Params;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.local.JobListener;
import io.tidemill.local.JobOptions;
import io.tidemill.local.JobReport;
import io.tidemill.local.JsonReport;
import io.tidemill.local.LocalJob;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * One attempt of a job, on a thread of its own; ends by itself, by {@link #cancel}, or with the
 * process. Any thread may ask and cancel.
 */
final class Attempt implements JobListener {
  private static final long LOOK_FOR_LOCK_MS = 50;
  private static final long LOCK_PATIENCE_NS = 30_000_000_000L;

  private final Assignment assignment;
  private final Pipelines pipelines;
  private final Path state;
  private final Runnable onEnd;
  private final CountDownLatch cancelled = new CountDownLatch(1);
  private volatile AttemptStatus status;
  private volatile LocalJob job;

  /** {@code onEnd} is called once, on the attempt's thread. */
  Attempt(Assignment assignment, Pipelines pipelines, Path state, Runnable onEnd) {
    this.assignment = assignment;
    this.pipelines = pipelines;
    this.state = state;
    this.onEnd = onEnd;
    this.status =
        new AttemptStatus(
            assignment.job(), assignment.attempt(), State.RUNNING, 0, -1, 0, 0, 0, "");
  }

  void start() {
    Thread.ofPlatform().name("job-" + assignment.job()).start(this::run);
  }

  long number() {
    return assignment.attempt();
  }

  AttemptStatus status() {
    return status;
  }

  boolean hasEnded() {
    return status.state() != State.RUNNING;
  }

  /** Ends it soon; its last checkpoint stays. */
  void cancel() {
    cancelled.countDown();
    LocalJob running = job;
    if (running != null) {
      running.cancel(stopped());
    }
  }

  @Override
  public void progress(Progress progress) {
    status =
        new AttemptStatus(
            assignment.job(),
            assignment.attempt(),
            State.RUNNING,
            progress.step(),
            progress.totalSteps().orElse(-1),
            progress.samples(),
            progress.samplesPerSecond(),
            progress.loss().orElse(0),
            "");
  }

  private void run() {
    try (AttemptLog log = AttemptLog.open(state, assignment)) {
      log.line("attempt " + assignment.attempt() + " begins");
      try {
        String report = JsonReport.of(runJob(log));
        log.line("finished: " + report);
        end(State.FINISHED, report);
      } catch (EngineException e) {
        log.line("failed: " + e.getMessage());
        end(State.FAILED, e.getMessage());
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

  private JobReport runJob(AttemptLog log) {
    Pipelines.Named named = pipelines.find(assignment.spec().pipeline());
    awaitPrevious();
    LocalJob defined =
        LocalJob.define(
            named.definition(),
            new Params(assignment.spec().params(), assignment.spec().seed()),
            options(named));
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
    return defined.run(new Both(this, log));
  }

  private JobOptions options(Pipelines.Named named) {
    String name = assignment.job();
    int workers = assignment.spec().workers();
    boolean isResume = assignment.isResume() && JobDirectory.find(state, name).isPresent();
    return JobOptions.of(name, named.name(), state)
        .withWorkers(workers)
        .withThreads(Math.max(Runtime.getRuntime().availableProcessors(), workers))
        .withResume(isResume)
        .withSeed(assignment.spec().seed());
  }

  /** The attempt before may still be ending, here or in a process that has been told to. */
  private void awaitPrevious() {
    long started = System.nanoTime();
    try {
      while (JobDirectory.isHeld(state, assignment.job())
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
    AttemptStatus last = status;
    status =
        new AttemptStatus(
            last.job(),
            last.attempt(),
            ended,
            last.step(),
            last.totalSteps(),
            last.samples(),
            last.samplesPerSecond(),
            last.loss(),
            outcome);
  }

  /** Two who watch. */
  private record Both(JobListener first, JobListener second) implements JobListener {
    @Override
    public void progress(Progress progress) {
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
