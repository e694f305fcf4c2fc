package io.tidemill.serving;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.time.Duration;

/**
 * How a server behaves; a value that is checked as a whole.
 *
 * @param host address to listen on; loopback unless told otherwise
 * @param port 0 lets the system pick one
 * @param maxBodyBytes longest request body
 * @param bodyTimeout how long a request body may take to arrive
 * @param batchRows rows that every batch is executed at, padded if need be, and most that it
 *     carries
 * @param maxQueuedRows rows that may wait for one model version, and most rows of one request
 * @param executors threads that execute batches
 * @param httpThreads threads of the HTTP server
 * @param loadedVersions versions of one model that stay loaded beside a newer one, the newest
 *     included
 * @param stopTimeout how long requests in flight may take once the server is told to stop
 */
public record ServingConfig(
    String host,
    int port,
    long maxBodyBytes,
    Duration bodyTimeout,
    int batchRows,
    int maxQueuedRows,
    int executors,
    int httpThreads,
    int loadedVersions,
    Duration stopTimeout) {

  private static final int MAX_PORT = 65_535;
  private static final long MOST_BODY_BYTES = 1L << 30;

  public ServingConfig {
    check(!host.isBlank(), "host", "a name or address", "an empty one");
    check(port >= 0 && port <= MAX_PORT, "port", "0 to 65535", port);
    check(
        maxBodyBytes >= 1 && maxBodyBytes <= MOST_BODY_BYTES,
        "maxBodyBytes",
        "1 to " + MOST_BODY_BYTES,
        maxBodyBytes);
    check(bodyTimeout.isPositive(), "bodyTimeout", "more than nothing", bodyTimeout);
    check(batchRows >= 1, "batchRows", "at least 1", batchRows);
    check(maxQueuedRows >= 1, "maxQueuedRows", "at least 1", maxQueuedRows);
    check(executors >= 1, "executors", "at least 1", executors);
    check(httpThreads >= 1, "httpThreads", "at least 1", httpThreads);
    check(loadedVersions >= 1, "loadedVersions", "at least 1", loadedVersions);
    check(!stopTimeout.isNegative(), "stopTimeout", "nothing or more", stopTimeout);
  }

  /** Loopback port 8080, 8 MiB bodies, batches of 16 rows, as many threads as cores. */
  public static ServingConfig defaults() {
    int cores = Runtime.getRuntime().availableProcessors();
    return new ServingConfig(
        "127.0.0.1",
        8080,
        8L << 20,
        Duration.ofSeconds(30),
        16,
        16_384,
        cores,
        cores,
        2,
        Duration.ofSeconds(10));
  }

  public ServingConfig withHost(String newHost) {
    return new ServingConfig(
        newHost,
        port,
        maxBodyBytes,
        bodyTimeout,
        batchRows,
        maxQueuedRows,
        executors,
        httpThreads,
        loadedVersions,
        stopTimeout);
  }

  public ServingConfig withPort(int newPort) {
    return new ServingConfig(
        host,
        newPort,
        maxBodyBytes,
        bodyTimeout,
        batchRows,
        maxQueuedRows,
        executors,
        httpThreads,
        loadedVersions,
        stopTimeout);
  }

  public ServingConfig withMaxBodyBytes(long newMaxBodyBytes) {
    return new ServingConfig(
        host,
        port,
        newMaxBodyBytes,
        bodyTimeout,
        batchRows,
        maxQueuedRows,
        executors,
        httpThreads,
        loadedVersions,
        stopTimeout);
  }

  public ServingConfig withBodyTimeout(Duration newBodyTimeout) {
    return new ServingConfig(
        host,
        port,
        maxBodyBytes,
        newBodyTimeout,
        batchRows,
        maxQueuedRows,
        executors,
        httpThreads,
        loadedVersions,
        stopTimeout);
  }

  public ServingConfig withBatchRows(int newBatchRows) {
    return new ServingConfig(
        host,
        port,
        maxBodyBytes,
        bodyTimeout,
        newBatchRows,
        maxQueuedRows,
        executors,
        httpThreads,
        loadedVersions,
        stopTimeout);
  }

  public ServingConfig withMaxQueuedRows(int newMaxQueuedRows) {
    return new ServingConfig(
        host,
        port,
        maxBodyBytes,
        bodyTimeout,
        batchRows,
        newMaxQueuedRows,
        executors,
        httpThreads,
        loadedVersions,
        stopTimeout);
  }

  public ServingConfig withExecutors(int newExecutors) {
    return new ServingConfig(
        host,
        port,
        maxBodyBytes,
        bodyTimeout,
        batchRows,
        maxQueuedRows,
        newExecutors,
        httpThreads,
        loadedVersions,
        stopTimeout);
  }

  public ServingConfig withHttpThreads(int newHttpThreads) {
    return new ServingConfig(
        host,
        port,
        maxBodyBytes,
        bodyTimeout,
        batchRows,
        maxQueuedRows,
        executors,
        newHttpThreads,
        loadedVersions,
        stopTimeout);
  }

  public ServingConfig withLoadedVersions(int newLoadedVersions) {
    return new ServingConfig(
        host,
        port,
        maxBodyBytes,
        bodyTimeout,
        batchRows,
        maxQueuedRows,
        executors,
        httpThreads,
        newLoadedVersions,
        stopTimeout);
  }

  public ServingConfig withStopTimeout(Duration newStopTimeout) {
    return new ServingConfig(
        host,
        port,
        maxBodyBytes,
        bodyTimeout,
        batchRows,
        maxQueuedRows,
        executors,
        httpThreads,
        loadedVersions,
        newStopTimeout);
  }

  private static void check(boolean holds, String key, String expected, Object found) {
    if (!holds) {
      throw new EngineException(
          ErrorCode.INVALID_ARGUMENT,
          "serving %s: expected %s, found %s".formatted(key, expected, found));
    }
  }
}
