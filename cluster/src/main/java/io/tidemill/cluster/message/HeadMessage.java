package io.tidemill.cluster.message;

import io.tidemill.cluster.job.AttemptStatus;
import io.tidemill.cluster.job.JobSpec;
import io.tidemill.cluster.job.WorkerInfo;
import java.util.List;
import org.apache.pekko.actor.typed.ActorRef;

/** What the head understands. */
public sealed interface HeadMessage extends ClusterMessage {
  /**
   * A worker lives, and this is all it runs; several times a second.
   *
   * @param isLeaving whether it was asked to end, and waits for others to take over what it runs
   */
  record Report(
      WorkerInfo worker,
      List<AttemptStatus> attempts,
      boolean isLeaving,
      ActorRef<WorkerMessage> replyTo)
      implements HeadMessage {}

  /**
   * Run a job.
   *
   * @param name what its id begins with
   * @param fingerprint of the graph, by the node that has checked the pipeline
   */
  record Submit(JobSpec spec, String name, String fingerprint, ActorRef<HeadAnswer> replyTo)
      implements HeadMessage {}

  /** End a job. */
  record Cancel(String job, ActorRef<HeadAnswer> replyTo) implements HeadMessage {}

  /** Go on with a job that was ended. */
  record Resume(String job, ActorRef<HeadAnswer> replyTo) implements HeadMessage {}

  /** Run a job on another number of workers. */
  record Scale(String job, int workers, ActorRef<HeadAnswer> replyTo) implements HeadMessage {}

  /** Ask who leads a job, who answers. */
  record Ask(String job, Question question, ActorRef<HeadAnswer> replyTo) implements HeadMessage {}

  /** Say how all stands. */
  record Look(ActorRef<HeadAnswer> replyTo) implements HeadMessage {}

  /** Time has passed; from the head to itself. */
  record Tick() implements HeadMessage {}

  /** A node is not a member any more; from the head's own node. */
  record MemberGone(String address, String why) implements HeadMessage {}
}
