package io.tidemill.cluster.message;

import io.tidemill.cluster.job.Assignment;
import java.util.List;
import java.util.Map;
import org.apache.pekko.Done;
import org.apache.pekko.actor.typed.ActorRef;

/** What a worker understands. */
public sealed interface WorkerMessage extends ClusterMessage {
  /**
   * All that the worker is to run; anything else it has to stop.
   *
   * @param epoch of the head that says so: an older one is not obeyed
   * @param yielding jobs of these whose leading part is to take a checkpoint and end, and why
   */
  record Assignments(long epoch, List<Assignment> assignments, Map<String, String> yielding)
      implements WorkerMessage {}

  /**
   * Have all that runs here go on elsewhere, and say when it does; from the worker's own node.
   *
   * @param replyTo told once nothing runs here any more
   */
  record Drain(ActorRef<Done> replyTo) implements WorkerMessage {}

  /** Somebody asks about an attempt that the worker leads. */
  record Ask(String job, long attempt, Question question, ActorRef<HeadAnswer> replyTo)
      implements WorkerMessage {}

  /** Say how things stand; from the worker to itself. */
  record Tick() implements WorkerMessage {}
}
