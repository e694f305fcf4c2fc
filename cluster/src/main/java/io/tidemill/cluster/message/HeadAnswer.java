package io.tidemill.cluster.message;

import io.tidemill.cluster.job.AttemptStatus;
import io.tidemill.cluster.job.Job;
import io.tidemill.cluster.job.WorkerInfo;
import io.tidemill.error.ErrorCode;
import io.tidemill.local.JobGraph;
import java.util.List;
import java.util.Optional;

/** What the head says to who asked it, or a worker in its stead. */
public sealed interface HeadAnswer extends ClusterMessage {
  /**
   * The jobs that were asked for, all workers, and what was refused so far.
   *
   * @param epoch counts the heads that this cluster has had
   * @param refused messages of attempts that were no longer valid
   */
  record Overview(long epoch, List<JobView> jobs, List<WorkerInfo> workers, long refused)
      implements HeadAnswer {}

  /** No, and why. */
  record Refusal(ErrorCode code, String sentence) implements HeadAnswer {}

  /**
   * A savepoint of a job was taken.
   *
   * @param checkpoint its number
   * @param step steps that are in it
   * @param path its folder
   */
  record Saved(String job, long checkpoint, long step, String path) implements HeadAnswer {}

  /** How a job that runs is laid out, and what has flowed in it. */
  record Graph(String job, long attempt, JobGraph graph) implements HeadAnswer {}

  /** A job, and how its attempt stands where one runs. */
  record JobView(Job job, Optional<AttemptStatus> live) {}
}
