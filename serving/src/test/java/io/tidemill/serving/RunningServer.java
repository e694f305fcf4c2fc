package io.tidemill.serving;

import io.tidemill.device.Device;
import io.tidemill.device.Devices;
import io.tidemill.model.ModelStore;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/** A real server on a free port with the real CPU device, and a client for it. */
final class RunningServer implements AutoCloseable {
  private final Device device = Devices.open("cpu");
  private final ModelStore store;
  private final ServingServer server;
  private final HttpClient client = HttpClient.newHttpClient();

  RunningServer(Path stateDir, ServingConfig config) {
    store = ModelStore.in(stateDir);
    server = ServingServer.start(config.withPort(0), store, device);
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

  CompletableFuture<HttpResponse<String>> postAsync(String path, String body) {
    return client.sendAsync(json(path, body).build(), HttpResponse.BodyHandlers.ofString());
  }

  HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create(server.url() + path))
        .version(HttpClient.Version.HTTP_1_1)
        .timeout(Duration.ofSeconds(60));
  }

  @Override
  public void close() {
    server.close();
    client.close();
    device.close();
  }

  private HttpRequest.Builder json(String path, String body) {
    return request(path)
        .header("Content-Type", "application/json")
        .POST(HttpRequest.BodyPublishers.ofString(body));
  }
}
