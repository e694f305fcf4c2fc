package io.tidemill.cluster.worker;

import io.tidemill.cluster.job.Assignment;
import io.tidemill.cluster.job.WorkerInfo;
import io.tidemill.cluster.message.HeadMessage;
import io.tidemill.cluster.message.WorkerMessage;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.PostStop;
import org.apache.pekko.actor.typed.javadsl.AbstractBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.Receive;

/**
 * A worker: runs what the head assigns to it, and nothing else, and reports how that stands.
 *
 * <p>What has ended is reported until the head assigns it no more. Where the head is silent the
 * attempts go on.
 */
public final class WorkerActor extends AbstractBehavior<WorkerMessage> {
  private static final Duration REPORT = Duration.ofMillis(250);

  private final WorkerInfo self;
  private final Pipelines pipelines;
  private final Path state;
  private final ActorRef<HeadMessage> head;
  private final Map<String, Attempt> attempts = new HashMap<>();
  private List<Assignment> assigned = List.of();
  private long epoch;

  private WorkerActor(
      ActorContext<WorkerMessage> context,
      WorkerInfo self,
      Pipelines pipelines,
      Path state,
      ActorRef<HeadMessage> head) {
    super(context);
    this.self = self;
    this.pipelines = pipelines;
    this.state = state;
    this.head = head;
    report();
  }

  /** A worker that answers to {@code head}, which may be a proxy. */
  public static Behavior<WorkerMessage> create(
      WorkerInfo self, Pipelines pipelines, Path state, ActorRef<HeadMessage> head) {
    return Behaviors.withTimers(
        timers -> {
          timers.startTimerWithFixedDelay(new WorkerMessage.Tick(), REPORT);
          return Behaviors.setup(context -> new WorkerActor(context, self, pipelines, state, head));
        });
  }

  @Override
  public Receive<WorkerMessage> createReceive() {
    return newReceiveBuilder()
        .onMessage(WorkerMessage.class, this::on)
        .onSignal(PostStop.class, _ -> stopped())
        .build();
  }

  private Behavior<WorkerMessage> on(WorkerMessage message) {
    switch (message) {
      case WorkerMessage.Assignments all -> {
        if (all.epoch() >= epoch) {
          epoch = all.epoch();
          assigned = all.assignments();
          reconcile();
        }
      }
      case WorkerMessage.Tick _ -> {
        reconcile();
        report();
      }
    }
    return this;
  }

  /**
   * Stops what is not assigned, forgets what has ended and is assigned no more, starts the rest.
   */
  private void reconcile() {
    Map<String, Assignment> wanted = new HashMap<>();
    assigned.forEach(assignment -> wanted.put(assignment.job(), assignment));
    attempts
        .entrySet()
        .removeIf(
            entry -> {
              Assignment assignment = wanted.get(entry.getKey());
              boolean isWanted =
                  assignment != null && assignment.attempt() == entry.getValue().number();
              if (!isWanted && !entry.getValue().hasEnded()) {
                entry.getValue().cancel();
              }
              return !isWanted && entry.getValue().hasEnded();
            });
    wanted.values().stream()
        .filter(assignment -> !attempts.containsKey(assignment.job()))
        .forEach(this::begin);
  }

  private void begin(Assignment assignment) {
    ActorRef<WorkerMessage> me = getContext().getSelf();
    Attempt attempt =
        new Attempt(assignment, pipelines, state, () -> me.tell(new WorkerMessage.Tick()));
    attempts.put(assignment.job(), attempt);
    attempt.start();
  }

  private void report() {
    head.tell(
        new HeadMessage.Report(
            self,
            attempts.values().stream().map(Attempt::status).toList(),
            getContext().getSelf()));
  }

  private Behavior<WorkerMessage> stopped() {
    attempts.values().forEach(Attempt::cancel);
    return this;
  }
}
