package io.tidemill.cluster.node;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.tidemill.cluster.head.HeadActor;
import io.tidemill.cluster.job.HeadBeat;
import io.tidemill.cluster.job.HostProcess;
import io.tidemill.cluster.job.WorkerInfo;
import io.tidemill.cluster.message.HeadMessage;
import io.tidemill.cluster.message.WorkerMessage;
import io.tidemill.cluster.worker.Pipelines;
import io.tidemill.cluster.worker.WorkerActor;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.transport.link.AeronNetwork;
import java.net.InetAddress;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.Done;
import org.apache.pekko.actor.Address;
import org.apache.pekko.actor.AddressFromURIString;
import org.apache.pekko.actor.CoordinatedShutdown;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.Props;
import org.apache.pekko.actor.typed.SupervisorStrategy;
import org.apache.pekko.actor.typed.javadsl.AskPattern;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.cluster.typed.Cluster;
import org.apache.pekko.cluster.typed.ClusterSingleton;
import org.apache.pekko.cluster.typed.ClusterSingletonSettings;
import org.apache.pekko.cluster.typed.JoinSeedNodes;
import org.apache.pekko.cluster.typed.SingletonActor;

/**
 * This process as a member of the cluster, a head or a worker, until it is closed or thrown out.
 *
 * <p>A node that the others have removed ends the process: it must not go on with work that has
 * been given to another. Any thread.
 */
public final class Node implements AutoCloseable {
  static final String HEAD = "head";
  static final String WORKER = "worker";
  private static final String SYSTEM = "tidemill";
  private static final Duration DRAIN_PATIENCE = Duration.ofSeconds(8);
  private static final long LEAVE_SECONDS = 10;

  private final ActorSystem<Void> system;
  private final ActorRef<HeadMessage> head;
  private final Optional<ActorRef<WorkerMessage>> worker;
  private final String refusal;

  private Node(
      ActorSystem<Void> system,
      ActorRef<HeadMessage> head,
      Optional<ActorRef<WorkerMessage>> worker,
      String refusal) {
    this.system = system;
    this.head = head;
    this.worker = worker;
    this.refusal = refusal;
  }

  /**
   * Starts a head. Where members of the cluster are known from before, it joins them; so a head
   * that was killed does not found a second cluster beside those that go on, see {@link Seeds}.
   */
  public static Node head(NodeOptions options) {
    KnownMembers known = new KnownMembers(options.state());
    NodeOptions own = options.withPort();
    Seeds seeds =
        Seeds.of(own.address(), own.seeds(), known.read(), new HeadBeat(own.state()).latest());
    ActorSystem<Void> system = system(HEAD, own, seeds);
    ActorRef<HeadMessage> head = singleton(system, HeadActor.create(own.state()));
    system.systemActorOf(known.behavior(), "known-members", Props.empty());
    join(system, seeds);
    return new Node(system, head, Optional.empty(), seeds.refusal(own.tls()));
  }

  /**
   * Starts a worker.
   *
   * @param name what people call it
   * @param slots ranks that it takes
   */
  public static Node worker(
      NodeOptions options, String name, int slots, List<String> devices, Pipelines pipelines) {
    Seeds seeds = Seeds.ofWorker(options.seeds());
    ActorSystem<Void> system = system(WORKER, options, seeds);
    ActorRef<HeadMessage> head = singleton(system, Behaviors.empty());
    WorkerInfo self =
        new WorkerInfo(
            UUID.randomUUID().toString(),
            name,
            addressOf(system),
            HostProcess.current(),
            slots,
            devices);
    ActorRef<WorkerMessage> worker =
        system.systemActorOf(
            WorkerActor.create(
                self, pipelines, options.state(), new AeronNetwork(options.ip()), head),
            "worker",
            Props.empty());
    join(system, seeds);
    return new Node(system, head, Optional.of(worker), seeds.refusal(options.tls()));
  }

  /** Where other nodes reach it, {@code host:port}. */
  public String address() {
    return addressOf(system);
  }

  /** Asks the head of the cluster, wherever that is. */
  public HeadClient client() {
    return new HeadClient(system, head);
  }

  /**
   * Blocks until the node has left.
   *
   * @throws EngineException RESOURCE where nobody has let it in
   */
  public void awaitEnd() throws InterruptedException {
    CoordinatedShutdown shutdown = CoordinatedShutdown.get(system);
    try {
      system.getWhenTerminated().toCompletableFuture().get();
      if (shutdown
          .getShutdownReason()
          .equals(Optional.of(CoordinatedShutdown.clusterJoinUnsuccessfulReason()))) {
        throw new EngineException(ErrorCode.RESOURCE, refusal);
      }
    } catch (ExecutionException e) {
      throw new EngineException(ErrorCode.INTERNAL, "the node ended: " + e.getCause(), e);
    }
  }

  /**
   * Leaves the cluster; what it runs goes to others, from a checkpoint that is taken for that.
   * Idempotent.
   */
  @Override
  public void close() {
    if (system.getWhenTerminated().toCompletableFuture().isDone()) {
      return;
    }
    worker.ifPresent(this::drain);
    CoordinatedShutdown.get(system).runAll(CoordinatedShutdown.actorSystemTerminateReason());
    system
        .getWhenTerminated()
        .toCompletableFuture()
        .completeOnTimeout(null, LEAVE_SECONDS, TimeUnit.SECONDS)
        .join();
  }

  private void drain(ActorRef<WorkerMessage> running) {
    AskPattern.<WorkerMessage, Done>ask(
            running, WorkerMessage.Drain::new, DRAIN_PATIENCE, system.scheduler())
        .exceptionally(_ -> Done.getInstance()) // what has not ended by now is killed by leaving
        .toCompletableFuture()
        .join();
  }

  private static ActorRef<HeadMessage> singleton(
      ActorSystem<Void> system, Behavior<HeadMessage> behavior) {
    return ClusterSingleton.get(system)
        .init(
            SingletonActor.of(
                    Behaviors.supervise(behavior)
                        .onFailure(
                            SupervisorStrategy.restart().withLimit(3, Duration.ofMinutes(1))),
                    HEAD)
                .withSettings(ClusterSingletonSettings.create(system).withRole(HEAD)));
  }

  private static void join(ActorSystem<Void> system, Seeds seeds) {
    List<Address> addresses =
        seeds.addresses().stream()
            .distinct()
            .map(seed -> AddressFromURIString.parse("pekko://" + SYSTEM + "@" + seed))
            .toList();
    Cluster.get(system).manager().tell(new JoinSeedNodes(addresses));
  }

  private static String addressOf(ActorSystem<Void> system) {
    return Cluster.get(system).selfMember().address().hostPort().split("@", 2)[1];
  }

  private static ActorSystem<Void> system(String role, NodeOptions options, Seeds seeds) {
    InetAddress _ = options.ip(); // a name that means nothing is refused in words
    Map<String, Object> chosen =
        new HashMap<>(options.tls().map(NodeTls::settings).orElse(Map.of()));
    chosen.put("pekko.remote.artery.canonical.hostname", options.host());
    chosen.put("pekko.remote.artery.canonical.port", options.port());
    chosen.put("pekko.cluster.roles", List.of(role, EndedMembers.role(HostProcess.current())));
    chosen.put("pekko.cluster.seed-node-timeout", seeds.patienceMs() + " ms");
    ClassLoader loader = Node.class.getClassLoader();
    Config config =
        ConfigFactory.defaultOverrides()
            .withFallback(ConfigFactory.parseMap(chosen))
            .withFallback(ConfigFactory.parseResources(loader, "tidemill-cluster.conf"))
            .withFallback(ConfigFactory.defaultReference(loader))
            .resolve();
    try {
      ActorSystem<Void> system = ActorSystem.create(Behaviors.<Void>empty(), SYSTEM, config);
      system.systemActorOf(EndedMembers.behavior(), "ended-members", Props.empty());
      return system;
    } catch (RuntimeException e) {
      throw new EngineException(
          ErrorCode.RESOURCE,
          "node %s:%d cannot listen: %s; choose another --host or --port"
              .formatted(options.host(), options.port(), root(e)),
          e);
    }
  }

  private static String root(Throwable failure) {
    Throwable root = failure;
    while (root.getCause() != null && !(root instanceof CompletionException)) {
      root = root.getCause();
    }
    return String.valueOf(root.getMessage());
  }
}
