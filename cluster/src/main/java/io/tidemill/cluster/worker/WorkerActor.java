package io.tidemill.cluster.worker;

import io.tidemill.cluster.job.Assignment;
import io.tidemill.cluster.job.AttemptStatus;
import io.tidemill.cluster.job.WorkerInfo;
import io.tidemill.cluster.message.HeadAnswer;
import io.tidemill.cluster.message.HeadMessage;
import io.tidemill.cluster.message.WorkerMessage;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.link.PeerNetwork;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.stream.Stream;
import org.apache.pekko.Done;
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
  private static final int TICKS_TO_TELL = 4;

  private final WorkerInfo self;
  private final JobSetup setup;
  private final ActorRef<HeadMessage> head;
  private final Map<String, Part> parts = new HashMap<>();
  private List<Assignment> assigned = List.of();
  private Map<String, String> yielding = Map.of();
  private Optional<ActorRef<Done>> drained = Optional.empty();
  private int idleTicks;
  private long epoch;

  private WorkerActor(
      ActorContext<WorkerMessage> context,
      WorkerInfo self,
      Pipelines pipelines,
      Path state,
      PeerNetwork network,
      ActorRef<HeadMessage> head) {
    super(context);
    this.self = self;
    this.setup = new JobSetup(pipelines, state, network);
    this.head = head;
    report();
  }

  /** A worker that answers to {@code head}, which may be a proxy. */
  public static Behavior<WorkerMessage> create(
      WorkerInfo self,
      Pipelines pipelines,
      Path state,
      PeerNetwork network,
      ActorRef<HeadMessage> head) {
    return Behaviors.withTimers(
        timers -> {
          timers.startTimerWithFixedDelay(new WorkerMessage.Tick(), REPORT);
          return Behaviors.setup(
              context -> new WorkerActor(context, self, pipelines, state, network, head));
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
          yielding = all.yielding();
          reconcile();
        }
      }
      case WorkerMessage.Ask asked -> answer(asked);
      case WorkerMessage.Drain drain -> {
        drained = Optional.of(drain.replyTo());
        reconcile();
        report();
      }
      case WorkerMessage.Tick _ -> {
        reconcile();
        report();
        sayWhenDrained();
      }
    }
    return this;
  }

  /**
   * Stops what is not assigned, forgets what has ended and is assigned no more, starts the rest.
   */
  private void reconcile() {
    Map<String, Assignment> wanted = new HashMap<>();
    assigned.forEach(assignment -> wanted.put(assignment.key(), assignment));
    parts
        .entrySet()
        .removeIf(
            entry -> {
              Assignment assignment = wanted.get(entry.getKey());
              boolean isWanted =
                  assignment != null && assignment.attempt() == entry.getValue().attempt();
              if (!isWanted && !entry.getValue().hasEnded()) {
                entry.getValue().cancel();
              }
              return !isWanted && entry.getValue().hasEnded();
            });
    wanted.values().stream()
        .filter(assignment -> drained.isEmpty() && !parts.containsKey(assignment.key()))
        .forEach(this::begin);
    handOver();
  }

  /** What is led here goes on elsewhere; a head that is not there need not say so. */
  private void handOver() {
    for (Part part : parts.values()) {
      if (part instanceof LeadingPart leading) {
        Optional<String> why =
            drained.isPresent()
                ? Optional.of("worker " + self.name() + " leaves")
                : Optional.ofNullable(yielding.get(part.status().job()));
        why.ifPresent(leading::handOver);
      }
    }
  }

  /** The head has a second to hear how the last attempts ended. */
  private void sayWhenDrained() {
    boolean isIdle = parts.values().stream().allMatch(Part::hasEnded);
    idleTicks = isIdle ? idleTicks + 1 : 0;
    if (parts.isEmpty() || idleTicks > TICKS_TO_TELL) {
      drained.ifPresent(asker -> asker.tell(Done.getInstance()));
    }
  }

  private void begin(Assignment assignment) {
    ActorRef<WorkerMessage> me = getContext().getSelf();
    Runnable onNews = () -> me.tell(new WorkerMessage.Tick());
    Part part =
        assignment.rank() == 0
            ? LeadingPart.start(assignment, setup, onNews)
            : MemberPart.start(assignment, setup, onNews);
    parts.put(assignment.key(), part);
  }

  private void answer(WorkerMessage.Ask asked) {
    var _ = // failures are answered, too
        leading(asked.job(), asked.attempt())
            .map(part -> part.answer(asked.question()))
            .orElseGet(() -> CompletableFuture.failedFuture(notHere(asked)))
            .exceptionally(failure -> refusal(asked.job(), failure))
            .thenAccept(asked.replyTo()::tell);
  }

  private EngineException notHere(WorkerMessage.Ask asked) {
    return new EngineException(
        ErrorCode.RESOURCE,
        "attempt %d of job %s does not run on %s: try again"
            .formatted(asked.attempt(), asked.job(), self.name()));
  }

  private Optional<LeadingPart> leading(String job, long attempt) {
    return parts.values().stream()
        .flatMap(part -> part instanceof LeadingPart leading ? Stream.of(leading) : Stream.of())
        .filter(part -> part.attempt() == attempt && part.status().job().equals(job))
        .findFirst();
  }

  private static HeadAnswer refusal(String job, Throwable failure) {
    Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
    return cause instanceof EngineException refused
        ? new HeadAnswer.Refusal(refused.code(), refused.getMessage())
        : new HeadAnswer.Refusal(ErrorCode.INTERNAL, "job " + job + " cannot answer: " + cause);
  }

  private void report() {
    head.tell(
        new HeadMessage.Report(self, statuses(), drained.isPresent(), getContext().getSelf()));
  }

  private Behavior<WorkerMessage> stopped() {
    parts.values().forEach(Part::cancel);
    return this;
  }

  private List<AttemptStatus> statuses() {
    return parts.values().stream().map(Part::status).toList();
  }
}
