package io.tidemill.cluster.node;

import io.tidemill.cluster.job.HostProcess;
import java.time.Duration;
import java.util.Optional;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.cluster.Member;
import org.apache.pekko.cluster.MemberStatus;
import org.apache.pekko.cluster.typed.Cluster;
import org.apache.pekko.cluster.typed.Down;
import org.apache.pekko.remote.UniqueAddress;
import org.apache.pekko.remote.artery.QuarantinedEvent;

/**
 * Has the cluster remove members whose process has ended on this host.
 *
 * <p>A process that is gone is no partition: there is nothing to wait for. The failure detector and
 * the split-brain resolver take 11 s and let nobody in meanwhile; and where most members were
 * killed, the resolver takes the rest for the smaller side of a partition and ends it, too.
 */
final class EndedMembers {
  private static final Duration LOOK = Duration.ofMillis(200);

  private enum Tick {
    LOOK
  }

  private EndedMembers() {}

  /** What a member's process is, among its roles, which all others hear of with its name. */
  static String role(HostProcess process) {
    return "process=" + process.text();
  }

  /** Looks for ever. */
  static Behavior<?> behavior() {
    return Behaviors.<Tick>withTimers(
        timers -> {
          timers.startTimerWithFixedDelay(Tick.LOOK, LOOK);
          return Behaviors.receive(
              (context, _) -> {
                look(context.getSystem());
                return Behaviors.same();
              });
        });
  }

  private static void look(ActorSystem<?> system) {
    Cluster cluster = Cluster.get(system);
    for (Member member : cluster.state().getMembers()) {
      boolean isDown = member.status().equals(MemberStatus.down());
      if (!isDown && process(member).filter(HostProcess::isKnownDead).isPresent()) {
        // A member that is down is removed once it cannot be reached, which the failure detector
        // takes 5 s to say; of one that remoting never speaks to again the cluster knows it.
        UniqueAddress ended =
            UniqueAddress.apply(member.address(), member.uniqueAddress().longUid());
        system.classicSystem().eventStream().publish(QuarantinedEvent.apply(ended));
        cluster.manager().tell(new Down(member.address()));
      }
    }
  }

  private static Optional<HostProcess> process(Member member) {
    return member.getRoles().stream()
        .filter(role -> role.startsWith("process="))
        .map(role -> HostProcess.parse(role.substring("process=".length())))
        .findFirst();
  }
}
