package io.tidemill.serving.http;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.serving.access.AccessTokens;
import io.tidemill.serving.access.RateLimit;
import io.tidemill.serving.call.ModelCalls;
import io.tidemill.serving.metrics.ServingMetrics;
import io.tidemill.serving.registry.ModelRegistry;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.pekko.Done;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.http.javadsl.settings.ServerSettings;
import org.apache.pekko.japi.Pair;
import org.apache.pekko.stream.Materializer;
import org.apache.pekko.stream.SystemMaterializer;
import org.apache.pekko.stream.javadsl.Keep;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Tcp;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The open port: binds, routes, and stops gracefully. The only owner of Pekko's actor system.
 *
 * <p>Any thread; {@link #close} blocks until what was in flight has been answered.
 */
public final class HttpListener implements AutoCloseable {
  /**
   * What the listener needs to know.
   *
   * @param threads of Pekko's dispatcher
   * @param limits of requests and connections
   * @param stopTimeout how long requests in flight may take once stopping has begun
   */
  public record Options(
      String host,
      int port,
      int threads,
      HttpLimits limits,
      Duration stopTimeout,
      String version) {}

  /**
   * What stands on the port beside models and probes.
   *
   * @param groups further routes; those of models and probes come first
   * @param tokens that requests have to bear
   */
  public record Additions(List<RouteGroup> groups, AccessTokens tokens) {
    public Additions {
      groups = List.copyOf(groups);
    }
  }

  private static final Logger LOG = LoggerFactory.getLogger(HttpListener.class);
  private static final Duration IDLE_TIMEOUT = Duration.ofSeconds(60);

  /** Connections beyond the limit that are told so at the same time; more have to wait. */
  private static final int MOST_REFUSED = 1024;

  private static final Duration SYSTEM_END = Duration.ofSeconds(5);

  private final ActorSystem system;
  private final Tcp.ServerBinding binding;
  private final Connections connections;
  private final CompletionStage<Done> allClosed;
  private final Duration stopTimeout;
  private final AtomicBoolean isStopping;
  private final List<Route> routes;

  private HttpListener(
      ActorSystem system,
      Tcp.ServerBinding binding,
      Connections connections,
      CompletionStage<Done> allClosed,
      Duration stopTimeout,
      AtomicBoolean isStopping,
      List<Route> routes) {
    this.routes = routes;
    this.system = system;
    this.binding = binding;
    this.connections = connections;
    this.allClosed = allClosed;
    this.stopTimeout = stopTimeout;
    this.isStopping = isStopping;
  }

  /**
   * Opens the port.
   *
   * @throws EngineException RESOURCE when the port is in use or the host is not ours
   */
  public static HttpListener open(
      Options options, ModelRegistry registry, ServingMetrics metrics, Additions additions) {
    ActorSystem system =
        ActorSystem.create(
            "tidemill-serving", config(options), HttpListener.class.getClassLoader());
    AtomicBoolean isStopping = new AtomicBoolean();
    Router router = router(options, registry, metrics, additions, isStopping, system);
    Connections connections = new Connections(system, bounds(options.limits()), router::answer);
    metrics.watch(connections::count, connections::heldBodyBytes);
    Pair<CompletionStage<Tcp.ServerBinding>, CompletionStage<Done>> opening =
        bind(options, system, connections);
    try {
      Tcp.ServerBinding binding = opening.first().toCompletableFuture().join();
      return new HttpListener(
          system,
          binding,
          connections,
          opening.second(),
          options.stopTimeout(),
          isStopping,
          router.routes());
    } catch (CompletionException e) {
      system.terminate();
      throw cannotBind(options, e);
    }
  }

  /** The second future ends once the port is closed and every connection is. */
  private static Pair<CompletionStage<Tcp.ServerBinding>, CompletionStage<Done>> bind(
      Options options, ActorSystem system, Connections connections) {
    ServerSettings settings = ServerSettings.create(system);
    boolean isHalfOpenKept = false;
    return Tcp.get(system)
        .bind(
            options.host(),
            options.port(),
            settings.getBacklog(),
            settings.getSocketOptions(),
            isHalfOpenKept,
            Optional.of(IDLE_TIMEOUT))
        .mapAsyncUnordered(options.limits().connections() + MOST_REFUSED, connections::serve)
        .toMat(Sink.ignore(), Keep.both())
        .run(SystemMaterializer.get(system).materializer());
  }

  /** The port that is open; the one that the system picked where 0 was asked for. */
  public int port() {
    return address().getPort();
  }

  /** What is answered here, in the order in which a request looks for its route. */
  public List<Route> routes() {
    return routes;
  }

  /** The address that is open. */
  public InetSocketAddress address() {
    return binding.localAddress();
  }

  /**
   * Closes the port, answers the requests whose heads have been read, closes the connections; waits
   * at most the stop timeout for that. Idempotent.
   */
  @Override
  public void close() {
    if (isStopping.getAndSet(true)) {
      return;
    }
    binding.unbind();
    connections.finish();
    if (!hasEnded(allClosed, stopTimeout)) {
      LOG.warn(
          "stopped with requests unanswered: connections={} waited={}",
          connections.count(),
          stopTimeout);
    }
    system.terminate();
    if (!hasEnded(system.getWhenTerminated(), SYSTEM_END)) {
      LOG.warn("actor system still ending: waited={}", SYSTEM_END);
    }
  }

  private static boolean hasEnded(CompletionStage<?> stage, Duration patience) {
    return stage
        .handle((done, failure) -> true)
        .toCompletableFuture()
        .completeOnTimeout(false, patience.toMillis(), TimeUnit.MILLISECONDS)
        .join();
  }

  private static Config config(Options options) {
    int threads = options.threads();
    String pool = "pekko.actor.default-dispatcher.fork-join-executor.";
    String internal = "pekko.actor.internal-dispatcher.fork-join-executor.";
    Map<String, Object> chosen =
        Map.of(
            pool + "parallelism-min",
            threads,
            pool + "parallelism-max",
            threads,
            internal + "parallelism-min",
            1,
            internal + "parallelism-max",
            1,
            "pekko.http.server.parsing.max-content-length",
            options.limits().bodyBytes());
    ClassLoader loader = HttpListener.class.getClassLoader();
    return ConfigFactory.parseMap(chosen)
        .withFallback(ConfigFactory.parseResources(loader, "tidemill-serving.conf"))
        .withFallback(ConfigFactory.defaultOverrides())
        .withFallback(ConfigFactory.defaultReference(loader))
        .resolve();
  }

  private static Router router(
      Options options,
      ModelRegistry registry,
      ServingMetrics metrics,
      Additions additions,
      AtomicBoolean isStopping,
      ActorSystem system) {
    Materializer materializer = SystemMaterializer.get(system).materializer();
    HttpParts parts =
        new HttpParts(
            registry,
            new ModelCalls(registry),
            metrics,
            new BodyReader(
                options.limits().bodyBytes(), options.limits().bodyTimeout(), materializer),
            materializer,
            options.version(),
            () -> !isStopping.get() && !registry.isEmpty());
    List<RouteGroup> groups = new ArrayList<>();
    groups.addAll(List.of(new ModelRoutes(), new ProbeRoutes(), new RepositoryRoutes()));
    groups.addAll(additions.groups());
    groups.add(new PipelineRoutes(PipelineRoutes.Endpoints.NONE)); // unless one came before
    List<Route> routes = groups.stream().flatMap(group -> group.routes(parts).stream()).toList();
    List<Route> described = DocumentRoute.addedTo(routes, options.version());
    return new Router(described, gates(options, additions), metrics, materializer);
  }

  /** The rate first, so that nobody tries tokens at will. */
  private static List<Gate> gates(Options options, Additions additions) {
    List<Gate> gates = new ArrayList<>();
    options
        .limits()
        .rate()
        .ifPresent(
            rate ->
                gates.add(new RateGate(new RateLimit(rate, System::nanoTime), additions.tokens())));
    gates.add(new TokenGate(additions.tokens()));
    return gates;
  }

  private static Connections.Bounds bounds(HttpLimits limits) {
    return new Connections.Bounds(
        limits.connections(), limits.headTimeout(), limits.heldBodyBytes());
  }

  private static EngineException cannotBind(Options options, CompletionException e) {
    String reason = rootMessage(e);
    boolean isInUse = reason.contains("in use");
    String sentence =
        isInUse
            ? "port %d on %s is in use by another process; choose another port"
                .formatted(options.port(), options.host())
            : "cannot listen on %s port %d: %s; choose another port"
                .formatted(options.host(), options.port(), reason);
    return new EngineException(ErrorCode.RESOURCE, sentence, e);
  }

  private static String rootMessage(Throwable failure) {
    Throwable root = failure;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return String.valueOf(root.getMessage());
  }
}
