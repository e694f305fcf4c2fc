package io.tidemill.serving;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.serving.access.AccessTokens;
import io.tidemill.serving.access.RateLimit.Rate;
import io.tidemill.serving.http.HttpLimits;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Consumer;

/**
 * How a server behaves; a value that is checked as a whole.
 *
 * <pre>{@code
 * ServingConfig.defaults().with(change -> change.port(0).batchRows(32))
 * }</pre>
 *
 * @param host address to listen on; loopback unless told otherwise
 * @param port 0 lets the system pick one
 * @param limits of requests and connections
 * @param batchRows most rows of a batch; fewer are executed at a half, a quarter and so on of it
 * @param maxQueuedRows rows that may wait for one model version, and most rows of one request
 * @param maxWait longest time that a request is let wait for its turn; it is refused where it would
 *     be longer by the pace of late
 * @param executors threads that execute batches
 * @param httpThreads threads of the HTTP server
 * @param loadedVersions versions of one model that stay loaded beside a newer one, the newest
 *     included
 * @param stopTimeout how long requests in flight may take once the server is told to stop
 * @param tokens that requests have to bear
 * @param grpcPort where calls over gRPC come in, too; 0 lets the system pick one, empty opens none
 */
public record ServingConfig(
    String host,
    int port,
    HttpLimits limits,
    int batchRows,
    int maxQueuedRows,
    Duration maxWait,
    int executors,
    int httpThreads,
    int loadedVersions,
    Duration stopTimeout,
    AccessTokens tokens,
    OptionalInt grpcPort) {

  private static final int MAX_PORT = 65_535;

  public ServingConfig {
    check(!host.isBlank(), "host", "a name or address", "an empty one");
    check(port >= 0 && port <= MAX_PORT, "port", "0 to 65535", port);
    check(batchRows >= 1, "batchRows", "at least 1", batchRows);
    check(maxQueuedRows >= 1, "maxQueuedRows", "at least 1", maxQueuedRows);
    check(maxWait.isPositive(), "maxWait", "more than nothing", maxWait);
    check(executors >= 1, "executors", "at least 1", executors);
    check(httpThreads >= 1, "httpThreads", "at least 1", httpThreads);
    check(loadedVersions >= 1, "loadedVersions", "at least 1", loadedVersions);
    check(!stopTimeout.isNegative(), "stopTimeout", "nothing or more", stopTimeout);
    int grpc = grpcPort.orElse(0);
    check(grpc >= 0 && grpc <= MAX_PORT, "grpcPort", "0 to 65535", grpc);
  }

  /** Loopback port 8080, 8 MiB bodies, batches of 16 rows, as many threads as cores. */
  public static ServingConfig defaults() {
    return new Change().made();
  }

  /** This configuration with what {@code change} sets. */
  public ServingConfig with(Consumer<Change> change) {
    Change changed = new Change(this);
    change.accept(changed);
    return changed.made();
  }

  private static void check(boolean holds, String key, String expected, Object found) {
    if (!holds) {
      throw new EngineException(
          ErrorCode.INVALID_ARGUMENT,
          "serving %s: expected %s, found %s".formatted(key, expected, found));
    }
  }

  /**
   * What is to be set; see the components of {@link ServingConfig} and {@link HttpLimits}. Confined
   * to one thread.
   */
  public static final class Change {
    /** A quarter of the heap, unless one body may be longer. */
    private static final long HELD_BODY_BYTES = Runtime.getRuntime().maxMemory() / 4;

    private static final int CORES = Runtime.getRuntime().availableProcessors();

    private String host = "127.0.0.1";
    private int port = 8080;
    private long maxBodyBytes = 8L << 20;
    private Duration bodyTimeout = Duration.ofSeconds(30);
    private Duration headTimeout = Duration.ofSeconds(10);
    private long heldBodyBytes = HELD_BODY_BYTES;
    private int connections = 4096;
    private Optional<Rate> rate = Optional.empty();
    private int batchRows = 16;
    private int maxQueuedRows = 16_384;
    private Duration maxWait = Duration.ofMillis(500);
    private int executors = CORES;
    private int httpThreads = CORES;
    private int loadedVersions = 2;
    private Duration stopTimeout = Duration.ofSeconds(10);
    private AccessTokens tokens = AccessTokens.NONE;
    private OptionalInt grpcPort = OptionalInt.empty();

    private Change() {}

    private Change(ServingConfig from) {
      host = from.host;
      port = from.port;
      maxBodyBytes = from.limits.bodyBytes();
      bodyTimeout = from.limits.bodyTimeout();
      headTimeout = from.limits.headTimeout();
      heldBodyBytes = from.limits.heldBodyBytes();
      connections = from.limits.connections();
      rate = from.limits.rate();
      batchRows = from.batchRows;
      maxQueuedRows = from.maxQueuedRows;
      maxWait = from.maxWait;
      executors = from.executors;
      httpThreads = from.httpThreads;
      loadedVersions = from.loadedVersions;
      stopTimeout = from.stopTimeout;
      tokens = from.tokens;
      grpcPort = from.grpcPort;
    }

    public Change host(String value) {
      host = value;
      return this;
    }

    public Change port(int value) {
      port = value;
      return this;
    }

    public Change maxBodyBytes(long value) {
      maxBodyBytes = value;
      return this;
    }

    public Change bodyTimeout(Duration value) {
      bodyTimeout = value;
      return this;
    }

    public Change headTimeout(Duration value) {
      headTimeout = value;
      return this;
    }

    public Change heldBodyBytes(long value) {
      heldBodyBytes = value;
      return this;
    }

    public Change connections(int value) {
      connections = value;
      return this;
    }

    public Change rate(Rate value) {
      rate = Optional.of(value);
      return this;
    }

    public Change batchRows(int value) {
      batchRows = value;
      return this;
    }

    public Change maxQueuedRows(int value) {
      maxQueuedRows = value;
      return this;
    }

    public Change maxWait(Duration value) {
      maxWait = value;
      return this;
    }

    public Change executors(int value) {
      executors = value;
      return this;
    }

    public Change httpThreads(int value) {
      httpThreads = value;
      return this;
    }

    public Change loadedVersions(int value) {
      loadedVersions = value;
      return this;
    }

    public Change stopTimeout(Duration value) {
      stopTimeout = value;
      return this;
    }

    public Change tokens(AccessTokens value) {
      tokens = value;
      return this;
    }

    public Change grpcPort(int value) {
      grpcPort = OptionalInt.of(value);
      return this;
    }

    private ServingConfig made() {
      return new ServingConfig(
          host,
          port,
          new HttpLimits(
              maxBodyBytes,
              bodyTimeout,
              headTimeout,
              Math.max(heldBodyBytes, maxBodyBytes),
              connections,
              rate),
          batchRows,
          maxQueuedRows,
          maxWait,
          executors,
          httpThreads,
          loadedVersions,
          stopTimeout,
          tokens,
          grpcPort);
    }
  }
}
