package io.tidemill.serving;

import io.tidemill.device.Device;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.model.ModelStore;
import io.tidemill.release.Release;
import io.tidemill.serving.batch.BatchExecutors;
import io.tidemill.serving.batch.BatchQueue;
import io.tidemill.serving.grpc.GrpcListener;
import io.tidemill.serving.http.HttpListener;
import io.tidemill.serving.http.Route;
import io.tidemill.serving.http.RouteGroup;
import io.tidemill.serving.metrics.ServingMetrics;
import io.tidemill.serving.registry.ModelRegistry;
import io.tidemill.serving.registry.Refresh;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;

/**
 * A running server: the latest version of each model of a store, over HTTP, and over gRPC where
 * that is wanted.
 *
 * <p>Any thread. All its threads are daemons; a process that only serves waits in {@link
 * #awaitStop}. After a job has published a version, {@code registry().refresh()} exchanges it in.
 */
public final class ServingServer implements AutoCloseable {
  private final ServingMetrics metrics;
  private final BatchExecutors executors;
  private final ModelRegistry registry;
  private final HttpListener listener;
  private final Optional<GrpcListener> grpc;
  private final Refresh firstRefresh;
  private final CountDownLatch stopped = new CountDownLatch(1);

  private ServingServer(
      ServingMetrics metrics,
      BatchExecutors executors,
      ModelRegistry registry,
      HttpListener listener,
      Optional<GrpcListener> grpc,
      Refresh firstRefresh) {
    this.metrics = metrics;
    this.executors = executors;
    this.registry = registry;
    this.listener = listener;
    this.grpc = grpc;
    this.firstRefresh = firstRefresh;
  }

  /**
   * Loads the models of {@code store} and opens the port.
   *
   * <p>A model that cannot be loaded does not keep the others from being served: see {@link
   * #firstRefresh}. An empty store is served too; models come with later refreshes.
   *
   * @param device stays with the caller, who closes it after the server
   * @throws EngineException RESOURCE when the port is in use; nothing is left running then
   */
  public static ServingServer start(ServingConfig config, ModelStore store, Device device) {
    return start(config, store, device, List.of());
  }

  /** As above, with more routes on the same port, behind those of models and probes. */
  public static ServingServer start(
      ServingConfig config, ModelStore store, Device device, List<RouteGroup> more) {
    HttpListener.Additions additions = new HttpListener.Additions(more, config.tokens());
    ServingMetrics metrics = new ServingMetrics();
    BatchExecutors executors = BatchExecutors.start(config.executors());
    ModelRegistry registry = new ModelRegistry(store, device, executors, metrics, limits(config));
    // Opening the port takes as long as loading models: side by side. Until a model is loaded the
    // server says that it is not ready.
    FutureTask<HttpListener> opening =
        new FutureTask<>(() -> HttpListener.open(options(config), registry, metrics, additions));
    Thread.ofPlatform().name("tidemill-http-open").daemon().start(opening);
    try {
      Refresh firstRefresh = registry.refresh();
      HttpListener listener = opened(opening);
      Optional<GrpcListener> grpc = openGrpc(config, registry);
      return new ServingServer(metrics, executors, registry, listener, grpc, firstRefresh);
    } catch (RuntimeException e) {
      closeIfOpened(opening, e);
      registry.close();
      executors.close();
      metrics.close();
      throw e;
    }
  }

  private static Optional<GrpcListener> openGrpc(ServingConfig config, ModelRegistry registry) {
    if (config.grpcPort().isEmpty()) {
      return Optional.empty();
    }
    GrpcListener.Options options =
        new GrpcListener.Options(
            config.host(),
            config.grpcPort().getAsInt(),
            Math.toIntExact(config.limits().bodyBytes()),
            config.stopTimeout(),
            config.tokens(),
            Release.version());
    return Optional.of(GrpcListener.open(options, registry));
  }

  private static HttpListener opened(Future<HttpListener> opening) {
    try {
      return opening.get();
    } catch (ExecutionException e) {
      throw e.getCause() instanceof EngineException cause
          ? cause
          : new EngineException(ErrorCode.INTERNAL, "the port could not be opened", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new EngineException(
          ErrorCode.RESOURCE, "interrupted while the port was being opened", e);
    }
  }

  private static void closeIfOpened(Future<HttpListener> opening, RuntimeException failure) {
    try {
      opened(opening).close();
    } catch (EngineException e) {
      if (e != failure) {
        failure.addSuppressed(e);
      }
    }
  }

  /** What was loaded at the start, and what could not be. */
  public Refresh firstRefresh() {
    return firstRefresh;
  }

  /** The models, for refreshing and loading while the server runs. */
  public ModelRegistry registry() {
    return registry;
  }

  /** The open port; the one that the system picked where 0 was asked for. */
  public int port() {
    return listener.port();
  }

  /** The open port of gRPC; empty where none was asked for. */
  public OptionalInt grpcPort() {
    return grpc.map(open -> OptionalInt.of(open.port())).orElseGet(OptionalInt::empty);
  }

  /** What it answers over HTTP, each as {@code GET /v2/models/{model}}. */
  public List<String> routes() {
    return listener.routes().stream().map(Route::toString).toList();
  }

  /** Where clients reach it, for example {@code http://127.0.0.1:8080}. */
  public String url() {
    String host = listener.address().getAddress().getHostAddress();
    return "http://" + (host.contains(":") ? "[" + host + "]" : host) + ":" + port();
  }

  /** Blocks until the server has been closed. */
  public void awaitStop() throws InterruptedException {
    stopped.await();
  }

  /** Stops accepting, answers what is in flight, frees the models. Idempotent. */
  @Override
  public void close() {
    grpc.ifPresent(GrpcListener::refuseMore);
    listener.close();
    grpc.ifPresent(GrpcListener::close);
    registry.close();
    executors.close();
    metrics.close();
    stopped.countDown();
  }

  private static ModelRegistry.Limits limits(ServingConfig config) {
    return new ModelRegistry.Limits(
        config.batchRows(),
        new BatchQueue.Bounds(config.maxQueuedRows(), config.maxWait()),
        config.loadedVersions());
  }

  private static HttpListener.Options options(ServingConfig config) {
    return new HttpListener.Options(
        config.host(),
        config.port(),
        config.httpThreads(),
        config.limits(),
        config.stopTimeout(),
        Release.version());
  }
}
