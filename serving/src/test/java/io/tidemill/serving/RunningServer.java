package io.tidemill.serving;

import io.tidemill.device.Device;
import io.tidemill.device.Devices;
import io.tidemill.model.ModelStore;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/** A real server on a free port, with the real CPU device unless told otherwise, and a client. */
final class RunningServer implements AutoCloseable {
  private static final long DEADLINE_NS = 30_000_000_000L;

  private final Device device;
  private final ModelStore store;
  private final ServingServer server;
  private final HttpClient client = HttpClient.newHttpClient();

  RunningServer(Path stateDir, ServingConfig config) {
    this(stateDir, config, Devices.open("cpu"));
  }

  RunningServer(ModelStore store, ServingConfig config) {
    this(store, config, Devices.open("cpu"));
  }

  /** Closes {@code device} at the end. */
  RunningServer(Path stateDir, ServingConfig config, Device device) {
    this(ModelStore.in(stateDir), config, device);
  }

  private RunningServer(ModelStore store, ServingConfig config, Device device) {
    this.device = device;
    this.store = store;
    server = ServingServer.start(config.with(change -> change.port(0)), store, device);
  }

  Device device() {
    return device;
  }

  ModelStore store() {
    return store;
  }

  ServingServer server() {
    return server;
  }

  HttpResponse<String> get(String path) throws IOException, InterruptedException {
    return send(request(path).GET());
  }

  HttpResponse<String> post(String path, String body) throws IOException, InterruptedException {
    return send(json(path, body));
  }

  HttpResponse<String> send(HttpRequest.Builder request) throws IOException, InterruptedException {
    return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
  }

  HttpResponse<byte[]> sendForBytes(HttpRequest.Builder request)
      throws IOException, InterruptedException {
    return client.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
  }

  CompletableFuture<HttpResponse<String>> postAsync(String path, String body) {
    return client.sendAsync(json(path, body).build(), HttpResponse.BodyHandlers.ofString());
  }

  /** Blocks until that many rows wait in the queue of version 1 of the model small. */
  void awaitQueuedRows(int rows) throws IOException, InterruptedException {
    String wanted = "tidemill_queue_rows{model=\"small\",version=\"1\"} " + (double) rows + "\n";
    String metrics = get("/metrics").body();
    for (long startedNs = System.nanoTime(); !metrics.contains(wanted); ) {
      if (System.nanoTime() - startedNs > DEADLINE_NS) {
        throw new AssertionError("expected " + wanted + " found " + metrics);
      }
      metrics = get("/metrics").body();
    }
  }

  /** Blocks until nobody can connect any more. */
  void awaitClosedPort() throws IOException {
    long startedNs = System.nanoTime();
    while (isPortOpen()) {
      if (System.nanoTime() - startedNs > DEADLINE_NS) {
        throw new AssertionError("the port is still open");
      }
      Thread.onSpinWait();
    }
  }

  HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create(server.url() + path))
        .version(HttpClient.Version.HTTP_1_1)
        .timeout(Duration.ofSeconds(60));
  }

  /** Nothing waits at the gate any more: a test that failed is to say why, and not to hang. */
  @Override
  public void close() {
    if (device instanceof GatedDevice gated) {
      gated.open();
    }
    server.close();
    client.close();
    device.close();
  }

  private boolean isPortOpen() throws IOException {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
      return socket.isConnected();
    } catch (SocketException e) {
      return !(e instanceof ConnectException); // a reset comes while it closes: ask again
    }
  }

  private HttpRequest.Builder json(String path, String body) {
    return request(path)
        .header("Content-Type", "application/json")
        .POST(HttpRequest.BodyPublishers.ofString(body));
  }
}
