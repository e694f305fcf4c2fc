package io.tidemill.cluster.job;

import java.time.Instant;
import java.util.List;

/**
 * A submitted job, as the head keeps it in the job's folder.
 *
 * @param id names it, and its folder
 * @param number counts submissions, from 1
 * @param fingerprint of its graph, which every node has to find again
 * @param attempt counts its attempts; 0 before the first
 * @param placement the worker of each rank, while it runs
 * @param hosts how many ranks each host has, as in {@code 2+1}, while it runs
 * @param reason why it stands so, in one sentence; empty where nothing is to be said
 * @param lastFailure what ended the last attempt that did not come to its own end; empty where
 *     there was none
 * @param restarts attempts that ended because a worker was lost
 * @param fruitless how many of them came one after another with no step done in between
 * @param report what came of it, one JSON object; empty until it has finished
 */
public record Job(
    String id,
    long number,
    JobSpec spec,
    String fingerprint,
    Instant submitted,
    JobStatus status,
    long attempt,
    List<String> placement,
    String hosts,
    String reason,
    String lastFailure,
    long restarts,
    int fruitless,
    String report) {
  public Job {
    lastFailure = lastFailure == null ? "" : lastFailure; // that of an older release has none
    placement = List.copyOf(placement);
  }

  /** A job that nobody has begun. */
  public static Job queued(
      String id, long number, JobSpec spec, String fingerprint, Instant submitted) {
    return new Job(
        id,
        number,
        spec,
        fingerprint,
        submitted,
        JobStatus.QUEUED,
        0,
        List.of(),
        "",
        "",
        "",
        0,
        0,
        "");
  }

  /** The next attempt, on these workers, which lie so on hosts. */
  public Job started(List<String> workers, String onHosts) {
    return standing(
        JobStatus.RUNNING, attempt + 1, workers, onHosts, "", lastFailure, restarts, fruitless);
  }

  /** The same job in another state; on no worker. */
  public Job in(JobStatus newStatus, String newReason) {
    return standing(newStatus, attempt, List.of(), "", newReason, lastFailure, restarts, fruitless);
  }

  /** Waiting again, after a worker was lost. */
  public Job interrupted(String newReason, boolean isFruitless) {
    int inVain = isFruitless ? fruitless + 1 : 0;
    return standing(
        JobStatus.QUEUED, attempt, List.of(), "", newReason, newReason, restarts + 1, inVain);
  }

  /** The same, where more has become known of what ended an attempt. */
  public Job explained(String plain, String how) {
    return standing(
        status,
        attempt,
        placement,
        hosts,
        reason.replace(plain, how),
        lastFailure.replace(plain, how),
        restarts,
        fruitless);
  }

  /** Done. */
  public Job finished(String newReport) {
    Job done = in(JobStatus.FINISHED, "");
    return done.with(spec, newReport);
  }

  /** The same job, to run otherwise from its next attempt on. */
  public Job with(JobSpec newSpec) {
    return with(newSpec, report);
  }

  private Job standing(
      JobStatus newStatus,
      long newAttempt,
      List<String> workers,
      String onHosts,
      String newReason,
      String newFailure,
      long newRestarts,
      int inVain) {
    return new Job(
        id,
        number,
        spec,
        fingerprint,
        submitted,
        newStatus,
        newAttempt,
        workers,
        onHosts,
        newReason,
        newFailure,
        newRestarts,
        inVain,
        report);
  }

  private Job with(JobSpec newSpec, String newReport) {
    return new Job(
        id,
        number,
        newSpec,
        fingerprint,
        submitted,
        status,
        attempt,
        placement,
        hosts,
        reason,
        lastFailure,
        restarts,
        fruitless,
        newReport);
  }
}
