package io.tidemill.cli.serve;

import io.tidemill.device.Device;
import io.tidemill.device.Devices;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.model.ModelStore;
import io.tidemill.serving.ServingConfig;
import io.tidemill.serving.ServingServer;
import io.tidemill.serving.http.RouteGroup;
import io.tidemill.serving.registry.Refresh;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/**
 * A store's models over HTTP, for as long as a command wants.
 *
 * <p>Looks for new versions once a second, since other processes publish, too, and when it is told
 * to, on a thread of its own. Any thread calls.
 */
public final class ModelServer implements AutoCloseable {
  private static final long LOOK_EVERY_MS = 1_000;

  private final Device device;
  private final ServingServer server;
  private final Consumer<String> news;
  private final CountDownLatch closing = new CountDownLatch(1);

  /** Somebody knows of something new. */
  private final Semaphore asked = new Semaphore(0);

  private ModelServer(Device device, ServingServer server, Consumer<String> news) {
    this.device = device;
    this.server = server;
    this.news = news;
  }

  /**
   * Opens the port and loads what there is, which may be nothing yet.
   *
   * @param portOption the option that gave the port, for errors
   * @param news told in one sentence of each version that came or could not come
   * @throws EngineException INVALID_ARGUMENT where the port cannot be had
   */
  public static ModelServer start(
      ServingConfig config, String portOption, ModelStore store, Consumer<String> news) {
    return start(config, portOption, store, news, List.of());
  }

  /** As above, with more routes on the same port. */
  public static ModelServer start(
      ServingConfig config,
      String portOption,
      ModelStore store,
      Consumer<String> news,
      List<RouteGroup> more) {
    Device device = Devices.open("auto");
    try {
      ModelServer started =
          new ModelServer(device, ServingServer.start(config, store, device, more), news);
      Thread.ofPlatform().daemon().name("tidemill-look").start(started::look);
      return started;
    } catch (EngineException e) {
      device.close();
      throw e.code() == ErrorCode.RESOURCE ? portRefused(config, portOption, e) : e;
    }
  }

  /** Where clients reach it. */
  public String url() {
    return server.url();
  }

  /** All of it, for people: where HTTP is, and where gRPC is if it was asked for. */
  public String urls() {
    OptionalInt grpc = server.grpcPort();
    return grpc.isEmpty()
        ? server.url()
        : "%s and by gRPC on port %d".formatted(server.url(), grpc.getAsInt());
  }

  /** What could not be loaded at the start; telling it is the caller's. */
  public List<EngineException> startFailures() {
    return server.firstRefresh().failures();
  }

  /** {@code digits v3, fraud v1}; empty where nothing is served yet. */
  public String models() {
    return server.registry().models().stream()
        .map(model -> model.name() + " v" + model.versions().getLast())
        .collect(Collectors.joining(", "));
  }

  /** Has looked at once, by the thread that looks anyway; does not wait for it. */
  public void lookNow() {
    asked.release();
  }

  /** Exchanges in what has been published, before it returns. */
  public synchronized void refresh() {
    if (closing.getCount() == 0) {
      return;
    }
    try {
      Refresh refresh = server.registry().refresh();
      refresh
          .loaded()
          .forEach(version -> news.accept("serving " + version.model() + " v" + version.version()));
      refresh.failures().forEach(failure -> news.accept(failure.getMessage()));
    } catch (EngineException e) {
      news.accept(e.getMessage());
    }
  }

  /** Blocks until the server is closed, by another thread. */
  public void awaitStop() {
    try {
      server.awaitStop();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Answers what is in flight, then closes the port. Idempotent. */
  @Override
  public synchronized void close() {
    closing.countDown();
    lookNow();
    server.close();
    device.close();
  }

  private void look() {
    try {
      while (closing.getCount() > 0) {
        var _ = asked.tryAcquire(LOOK_EVERY_MS, TimeUnit.MILLISECONDS);
        asked.drainPermits();
        refresh();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static EngineException portRefused(
      ServingConfig config, String portOption, EngineException cause) {
    String options =
        config.grpcPort().isEmpty()
            ? portOption + " " + config.port()
            : "%s %d, --grpc %d".formatted(portOption, config.port(), config.grpcPort().getAsInt());
    return new EngineException(
        ErrorCode.INVALID_ARGUMENT, options + ": " + cause.getMessage(), cause);
  }
}
