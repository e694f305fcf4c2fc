package io.tidemill.cluster.node;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.storage.DurableFiles;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.cluster.ClusterEvent.MemberEvent;
import org.apache.pekko.cluster.Member;
import org.apache.pekko.cluster.typed.Cluster;
import org.apache.pekko.cluster.typed.Subscribe;

/**
 * The members that a head has seen last, in {@code cluster/members}: whom it joins when it is
 * started again, before it thinks of founding a cluster.
 */
final class KnownMembers {
  private final Path file;

  KnownMembers(Path state) {
    this.file = state.resolve("cluster").resolve("members");
  }

  /** Addresses, {@code host:port}; none where there was no cluster. */
  List<String> read() {
    try {
      return Files.exists(file) ? Files.readAllLines(file) : List.of();
    } catch (IOException e) {
      throw new EngineException(ErrorCode.RESOURCE, file + " cannot be read: " + e, e);
    }
  }

  /** Keeps the file up to date. */
  Behavior<MemberEvent> behavior() {
    return Behaviors.setup(
        context -> {
          Cluster cluster = Cluster.get(context.getSystem());
          cluster.subscriptions().tell(Subscribe.create(context.getSelf(), MemberEvent.class));
          return Behaviors.receive(MemberEvent.class)
              .onMessage(MemberEvent.class, _ -> write(context, cluster))
              .build();
        });
  }

  private Behavior<MemberEvent> write(ActorContext<MemberEvent> context, Cluster cluster) {
    TreeSet<String> addresses = new TreeSet<>();
    for (Member member : cluster.state().getMembers()) {
      addresses.add(member.address().hostPort().split("@", 2)[1]);
    }
    try {
      Files.createDirectories(file.getParent());
      String lines = String.join("\n", new ArrayList<>(addresses)) + "\n";
      DurableFiles.replace(file, lines.getBytes(StandardCharsets.US_ASCII));
    } catch (IOException e) {
      context.getLog().warn("members cannot be kept: file={} cause={}", file, e.toString());
    }
    return Behaviors.same();
  }
}
