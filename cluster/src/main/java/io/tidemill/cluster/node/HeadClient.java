package io.tidemill.cluster.node;

import io.tidemill.cluster.message.HeadAnswer;
import io.tidemill.cluster.message.HeadAnswer.Graph;
import io.tidemill.cluster.message.HeadAnswer.Overview;
import io.tidemill.cluster.message.HeadAnswer.Refusal;
import io.tidemill.cluster.message.HeadAnswer.Saved;
import io.tidemill.cluster.message.HeadMessage;
import io.tidemill.cluster.message.Question;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.AskPattern;
import org.apache.pekko.cluster.Member;
import org.apache.pekko.cluster.MemberStatus;
import org.apache.pekko.cluster.typed.Cluster;

/** Asks the head from any node. Any thread. */
public final class HeadClient {
  private static final Duration PATIENCE = Duration.ofSeconds(5);

  /** A step has to end, and a disk to take the weights. */
  private static final Duration SAVEPOINT_PATIENCE = Duration.ofSeconds(25);

  private final ActorSystem<Void> system;
  private final ActorRef<HeadMessage> head;

  HeadClient(ActorSystem<Void> system, ActorRef<HeadMessage> head) {
    this.system = system;
    this.head = head;
  }

  /**
   * A node as this one sees it.
   *
   * @param address {@code host:port}
   * @param status as Pekko calls it, in lower case; {@code unreachable} where it does not answer
   */
  public record MemberView(String address, String role, String status) {}

  /** What the head answers; its refusals and its silence are failures of the future. */
  public CompletionStage<Overview> ask(Function<ActorRef<HeadAnswer>, HeadMessage> question) {
    return ask(question, Overview.class, PATIENCE, silence());
  }

  /** A savepoint of a job, once it is durable. */
  public CompletionStage<Saved> savepoint(String job) {
    return ask(
        asker -> new HeadMessage.Ask(job, Question.SAVEPOINT, asker),
        Saved.class,
        SAVEPOINT_PATIENCE,
        "job %s has not committed its savepoint within %d s; it is listed among the checkpoints when it comes"
            .formatted(job, SAVEPOINT_PATIENCE.toSeconds()));
  }

  /** How a job that runs is laid out, and what has flowed. */
  public CompletionStage<Graph> graph(String job) {
    return ask(
        asker -> new HeadMessage.Ask(job, Question.GRAPH, asker),
        Graph.class,
        PATIENCE,
        "the worker of job %s has not answered within %d s: try again"
            .formatted(job, PATIENCE.toSeconds()));
  }

  /**
   * How all stands. Asked again every second: what was sent to a head that is gone is lost, and
   * nothing is changed by asking twice.
   */
  public CompletionStage<Overview> look() {
    return look(PATIENCE.toSeconds());
  }

  private CompletionStage<Overview> look(long times) {
    CompletionStage<Overview> answer =
        ask(HeadMessage.Look::new, Overview.class, Duration.ofSeconds(1), silence());
    return times > 1 ? answer.exceptionallyCompose(_ -> look(times - 1)) : answer;
  }

  private static String silence() {
    return "the head has not answered within %d s; it may be moving to another node: try again"
        .formatted(PATIENCE.toSeconds());
  }

  private <A extends HeadAnswer> CompletionStage<A> ask(
      Function<ActorRef<HeadAnswer>, HeadMessage> question,
      Class<A> expected,
      Duration patience,
      String silence) {
    return AskPattern.<HeadMessage, HeadAnswer>ask(
            head, question::apply, patience, system.scheduler())
        .handle(
            (answer, failure) ->
                switch (answer) {
                  case Refusal refusal ->
                      throw new EngineException(refusal.code(), refusal.sentence());
                  case null -> throw new EngineException(ErrorCode.RESOURCE, silence, failure);
                  default -> expected.cast(answer);
                });
  }

  /** All nodes of the cluster. */
  public List<MemberView> members() {
    Cluster cluster = Cluster.get(system);
    List<MemberView> views = new ArrayList<>();
    for (Member member : cluster.state().getMembers()) {
      if (member.status().equals(MemberStatus.removed())) {
        continue;
      }
      boolean isUnreachable = cluster.state().getUnreachable().contains(member);
      String status =
          isUnreachable ? "unreachable" : member.status().toString().toLowerCase(Locale.ROOT);
      String role = member.getRoles().contains("head") ? "head" : "worker";
      views.add(new MemberView(member.address().hostPort().split("@", 2)[1], role, status));
    }
    return views;
  }
}
