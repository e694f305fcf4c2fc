package io.tidemill.cluster.message;

import io.tidemill.cluster.job.Assignment;
import java.util.List;
import org.apache.pekko.actor.typed.ActorRef;

/** What a worker understands. */
public sealed interface WorkerMessage extends ClusterMessage {
  /**
   * All that the worker is to run; anything else it has to stop.
   *
   * @param epoch of the head that says so: an older one is not obeyed
   */
  record Assignments(long epoch, List<Assignment> assignments) implements WorkerMessage {}

  /** Somebody asks about an attempt that the worker leads. */
  record Ask(String job, long attempt, Question question, ActorRef<HeadAnswer> replyTo)
      implements WorkerMessage {}

  /** Say how things stand; from the worker to itself. */
  record Tick() implements WorkerMessage {}
}
