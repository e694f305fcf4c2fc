package io.tidemill.cluster.head;

import io.tidemill.cluster.job.HeadBeat;
import io.tidemill.cluster.job.Job;
import io.tidemill.cluster.job.JobStore;
import io.tidemill.cluster.job.ProcessEnds;
import io.tidemill.cluster.job.WorkerInfo;
import io.tidemill.cluster.message.HeadAnswer;
import io.tidemill.cluster.message.HeadAnswer.JobView;
import io.tidemill.cluster.message.HeadAnswer.Overview;
import io.tidemill.cluster.message.HeadAnswer.Refusal;
import io.tidemill.cluster.message.HeadMessage;
import io.tidemill.cluster.message.WorkerMessage;
import io.tidemill.cluster.message.WorkerMessage.Assignments;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.AbstractBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.Receive;
import org.apache.pekko.cluster.ClusterEvent.MemberRemoved;
import org.apache.pekko.cluster.Member;
import org.apache.pekko.cluster.MemberStatus;
import org.apache.pekko.cluster.typed.Cluster;
import org.apache.pekko.cluster.typed.Subscribe;

/** The one head of the cluster: hears workers and askers, and lets the {@link Scheduler} decide. */
public final class HeadActor extends AbstractBehavior<HeadMessage> {
  private static final Duration TICK = Duration.ofMillis(200);

  private final JobStore store;
  private final long epoch;
  private final Scheduler scheduler;
  private final HeadBeat beat;
  private final String address;
  private final Map<String, ActorRef<WorkerMessage>> workers = new HashMap<>();

  private HeadActor(ActorContext<HeadMessage> context, Path state) {
    super(context);
    this.store = new JobStore(state);
    this.epoch = store.nextEpoch();
    this.scheduler = new Scheduler(store, new ProcessEnds(state), System.nanoTime());
    this.beat = new HeadBeat(state);
    this.address = addressOf(Cluster.get(context.getSystem()).selfMember());
    ActorRef<MemberRemoved> gone =
        context.messageAdapter(
            MemberRemoved.class,
            removed -> new HeadMessage.MemberGone(addressOf(removed.member()), why(removed)));
    Cluster.get(context.getSystem())
        .subscriptions()
        .tell(Subscribe.create(gone, MemberRemoved.class));
  }

  /** A head for the jobs of a state directory. */
  public static Behavior<HeadMessage> create(Path state) {
    return Behaviors.withTimers(
        timers -> {
          timers.startTimerWithFixedDelay(new HeadMessage.Tick(), TICK);
          return Behaviors.setup(context -> new HeadActor(context, state));
        });
  }

  @Override
  public Receive<HeadMessage> createReceive() {
    return newReceiveBuilder().onMessage(HeadMessage.class, this::on).build();
  }

  private Behavior<HeadMessage> on(HeadMessage message) {
    if (!(message instanceof HeadMessage.Look) && store.epoch() != epoch) {
      getContext().getLog().warn("head ends: epoch={} has been replaced", epoch);
      return Behaviors.stopped(); // two that decide would undo each other's work
    }
    switch (message) {
      case HeadMessage.Report report -> {
        workers.put(report.worker().id(), report.replyTo());
        if (report.isLeaving()) {
          scheduler.leaving(report.worker().id());
        }
        scheduler.report(report.worker(), report.attempts(), System.nanoTime());
      }
      case HeadMessage.Tick _ -> {
        beat.beat(address, System.nanoTime());
        scheduler.tick(System.nanoTime());
        List<String> known = scheduler.workers().stream().map(WorkerInfo::id).toList();
        workers.keySet().retainAll(known);
      }
      case HeadMessage.MemberGone gone -> scheduler.memberGone(gone.address(), gone.why());
      case HeadMessage.Look look -> look.replyTo().tell(overview(scheduler.views()));
      case HeadMessage.Submit submit ->
          answer(
              submit.replyTo(),
              () ->
                  scheduler
                      .submit(submit.spec(), submit.name(), submit.fingerprint(), Instant.now())
                      .id());
      case HeadMessage.Ask asked -> pass(asked);
      case HeadMessage.Cancel cancel ->
          answer(cancel.replyTo(), () -> scheduler.cancel(cancel.job()).id());
      case HeadMessage.Resume resume ->
          answer(resume.replyTo(), () -> scheduler.resume(resume.job()).id());
      case HeadMessage.Scale scale ->
          answer(scale.replyTo(), () -> scheduler.scale(scale.job(), scale.workers()).id());
    }
    if (!(message instanceof HeadMessage.Look || message instanceof HeadMessage.Ask)) {
      workers.forEach(
          (id, worker) ->
              worker.tell(
                  new Assignments(epoch, scheduler.assignments(id), scheduler.yielding(id))));
    }
    return this;
  }

  private static String addressOf(Member member) {
    return member.address().hostPort().split("@", 2)[1];
  }

  private static String why(MemberRemoved removed) {
    return removed.previousStatus().equals(MemberStatus.down())
        ? "its heartbeat was lost, and the cluster has removed it"
        : "it has left the cluster";
  }

  /** Who leads the job answers. */
  private void pass(HeadMessage.Ask asked) {
    try {
      Job job = scheduler.running(asked.job());
      ActorRef<WorkerMessage> leader = workers.get(job.placement().getFirst());
      if (leader == null) {
        throw new EngineException(
            ErrorCode.RESOURCE,
            "job " + job.id() + ": its worker has not been heard of yet; try again");
      }
      leader.tell(
          new WorkerMessage.Ask(job.id(), job.attempt(), asked.question(), asked.replyTo()));
    } catch (EngineException e) {
      asked.replyTo().tell(new Refusal(e.code(), e.getMessage()));
    }
  }

  private void answer(ActorRef<HeadAnswer> asker, Supplier<String> change) {
    try {
      asker.tell(overview(List.of(scheduler.view(change.get()))));
    } catch (EngineException e) {
      asker.tell(new Refusal(e.code(), e.getMessage()));
    }
  }

  private Overview overview(List<JobView> jobs) {
    return new Overview(epoch, jobs, scheduler.workers(), scheduler.refused());
  }
}
