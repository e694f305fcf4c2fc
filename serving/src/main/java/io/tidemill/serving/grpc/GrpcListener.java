package io.tidemill.serving.grpc;

import io.grpc.Server;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.serving.access.AccessTokens;
import io.tidemill.serving.registry.ModelRegistry;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The open gRPC port: binds, and stops gracefully. Any thread; {@link #close} blocks until what was
 * in flight has been answered.
 */
public final class GrpcListener implements AutoCloseable {
  /**
   * What the listener needs to know.
   *
   * @param port 0 lets the system pick one
   * @param maxMessageBytes longest message of a client
   * @param stopTimeout how long calls in flight may take once stopping has begun
   * @param tokens that calls have to bear
   */
  public record Options(
      String host,
      int port,
      int maxMessageBytes,
      Duration stopTimeout,
      AccessTokens tokens,
      String serverVersion) {}

  private static final Logger LOG = LoggerFactory.getLogger(GrpcListener.class);

  /** Of one connection, that none takes everything; more wait in the client. */
  private static final int CALLS_PER_CONNECTION = 1_024;

  private static final Duration KEEPALIVE_AT_MOST_EVERY = Duration.ofSeconds(10);
  private static final Duration HANDSHAKE = Duration.ofSeconds(10);

  private final Server server;
  private final AtomicBoolean isStopping;
  private final Duration stopTimeout;

  private GrpcListener(Server server, AtomicBoolean isStopping, Duration stopTimeout) {
    this.server = server;
    this.isStopping = isStopping;
    this.stopTimeout = stopTimeout;
  }

  /**
   * Opens the port.
   *
   * @throws EngineException RESOURCE when the port is in use or the host is not ours
   */
  public static GrpcListener open(Options options, ModelRegistry registry) {
    AtomicBoolean isStopping = new AtomicBoolean();
    InferenceService service =
        new InferenceService(
            registry, options.serverVersion(), () -> !isStopping.get() && !registry.isEmpty());
    // On the threads that read the connections: nothing that they do waits for anything.
    Server server =
        NettyServerBuilder.forAddress(new InetSocketAddress(options.host(), options.port()))
            .directExecutor()
            .intercept(new CallMetadata())
            .intercept(new TokenCheck(options.tokens())) // the last is asked first
            .addService(service.definition())
            .maxInboundMessageSize(options.maxMessageBytes())
            .maxConcurrentCallsPerConnection(CALLS_PER_CONNECTION)
            .permitKeepAliveTime(KEEPALIVE_AT_MOST_EVERY.toSeconds(), TimeUnit.SECONDS)
            .handshakeTimeout(HANDSHAKE.toSeconds(), TimeUnit.SECONDS)
            .build();
    try {
      return new GrpcListener(server.start(), isStopping, options.stopTimeout());
    } catch (IOException e) {
      throw cannotBind(options, e);
    }
  }

  /** The port that is open; the one that the system picked where 0 was asked for. */
  public int port() {
    return server.getPort();
  }

  /** Refuses new calls from now on; those in flight go on. Does not wait. Idempotent. */
  public void refuseMore() {
    isStopping.set(true);
    server.shutdown();
  }

  /**
   * Closes the port and waits for the calls in flight, at most the stop timeout; what is not
   * answered by then is cancelled. Idempotent.
   */
  @Override
  public void close() {
    refuseMore();
    try {
      if (!server.awaitTermination(stopTimeout.toMillis(), TimeUnit.MILLISECONDS)) {
        LOG.warn("stopped with gRPC calls unanswered: waited={}", stopTimeout);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    server.shutdownNow();
  }

  private static EngineException cannotBind(Options options, IOException e) {
    Throwable root = e;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    String reason = String.valueOf(root.getMessage());
    String sentence =
        reason.contains("in use")
            ? "port %d on %s is in use by another process; choose another port"
                .formatted(options.port(), options.host())
            : "cannot listen on %s port %d: %s; choose another port"
                .formatted(options.host(), options.port(), reason);
    return new EngineException(ErrorCode.RESOURCE, sentence, e);
  }
}
