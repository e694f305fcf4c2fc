package io.tidemill.cluster.node;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.storage.DurableFiles;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SortedSet;
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

  /**
   * A member.
   *
   * @param address {@code host:port}
   */
  record Known(String address, boolean isHead) {
    private static Known parse(String line) {
      String[] words = line.split(" ", 2);
      return new Known(words[0], words.length > 1 && words[1].equals(Node.HEAD));
    }

    private static Known of(Member member) {
      return new Known(
          member.address().hostPort().split("@", 2)[1], member.getRoles().contains(Node.HEAD));
    }

    private String line() {
      return address + " " + (isHead ? Node.HEAD : Node.WORKER);
    }
  }

  /** None where there was no cluster. */
  List<Known> read() {
    try {
      return Files.exists(file)
          ? Files.readAllLines(file).stream()
              .filter(line -> !line.isBlank())
              .map(Known::parse)
              .toList()
          : List.of();
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
    TreeSet<String> all = new TreeSet<>();
    for (Member member : cluster.state().getMembers()) {
      all.add(Known.of(member).line());
    }
    try {
      write(all, cluster.selfMember().address().hostPort());
    } catch (IOException e) {
      context.getLog().warn("members cannot be kept: file={} cause={}", file, e.toString());
    }
    return Behaviors.same();
  }

  /** A node that the cluster has removed sees no member any more; what it saw before stays. */
  void write(SortedSet<String> members, String own) throws IOException {
    if (members.isEmpty()) {
      return;
    }
    Files.createDirectories(file.getParent());
    String lines = String.join("\n", members) + "\n";
    // Another head may write as well.
    Path written = file.resolveSibling("members-" + own.replaceAll("[^A-Za-z0-9.]", "-"));
    DurableFiles.replace(written, lines.getBytes(StandardCharsets.US_ASCII));
    DurableFiles.rename(written, file);
  }
}
