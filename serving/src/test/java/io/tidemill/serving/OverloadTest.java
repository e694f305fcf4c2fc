package io.tidemill.serving;

import static io.tidemill.serving.Requests.GOOD;
import static io.tidemill.serving.Requests.INFER;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemill.model.ModelStore;
import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OverloadTest {
  private static final ServingConfig CONFIG =
      ServingConfig.defaults().with(change -> change.executors(1).batchRows(4).maxQueuedRows(8));

  private final GatedDevice device = new GatedDevice();
  @TempDir private Path state;

  @BeforeEach
  void publish() {
    PublishedModels.small().publish(ModelStore.in(state), "small", 1);
  }

  @Test
  void refusesARequestForWhichTheQueueHasNoRoomAndSaysWhenToComeAgain() throws Exception {
    String four = Requests.body(Requests.randomRows(4, 4, 1));
    String eight = Requests.body(Requests.randomRows(8, 4, 2));
    try (RunningServer server = new RunningServer(state, CONFIG, device)) {
      device.hold();
      CompletableFuture<HttpResponse<String>> running = server.postAsync(INFER, four);
      device.awaitHeldRuns(1);
      CompletableFuture<HttpResponse<String>> waiting = server.postAsync(INFER, eight);
      server.awaitQueuedRows(8);

      HttpResponse<String> refused = server.post(INFER, GOOD);

      assertEquals(503, refused.statusCode());
      long seconds = Long.parseLong(refused.headers().firstValue("Retry-After").orElseThrow());
      assertTrue(seconds >= 1, "Retry-After: " + seconds);
      assertEquals(
          "model \"small\" is busy: 8 rows wait, a turn comes in T ms; try again in "
              + seconds
              + " s",
          Answers.error(refused).replaceAll("in [0-9]+ ms", "in T ms"));
      device.open();
      assertEquals(200, running.join().statusCode());
      assertEquals(200, waiting.join().statusCode());
      assertEquals(200, server.post(INFER, GOOD).statusCode());
    }
  }

  @Test
  void refusesARequestOfMoreRowsThanCouldEverWait() throws Exception {
    try (RunningServer server = new RunningServer(state, CONFIG, device)) {
      HttpResponse<String> refused =
          server.post(INFER, Requests.body(Requests.randomRows(9, 4, 1)));

      assertEquals(413, refused.statusCode());
      assertEquals(
          "too many rows in one request: expected at most 8, found 9", Answers.error(refused));
      assertEquals(200, server.post(INFER, GOOD).statusCode());
    }
  }

  @Test
  void doesNotComputeForAClientThatHasLeft() throws Exception {
    try (RunningServer server = new RunningServer(state, CONFIG, device)) {
      device.hold();
      CompletableFuture<HttpResponse<String>> running = server.postAsync(INFER, GOOD);
      device.awaitHeldRuns(1);
      InetAddress loopback = InetAddress.getLoopbackAddress();
      try (Socket leaving = new Socket(loopback, server.server().port())) {
        String request =
            "POST %s HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
                .formatted(INFER, GOOD.length(), GOOD);
        leaving.getOutputStream().write(request.getBytes(StandardCharsets.UTF_8));
        server.awaitQueuedRows(1);
      }

      server.awaitQueuedRows(0);

      device.open();
      assertEquals(200, running.join().statusCode());
      String counted = "nv_inference_count{model=\"small\",version=\"1\"} 1.0";
      assertTrue(server.get("/metrics").body().contains(counted));
    }
  }

  @Test
  void refusesARequestThatCannotBeAnsweredWithinItsOwnTime() throws Exception {
    try (RunningServer server = new RunningServer(state, CONFIG, device)) {
      assertEquals(200, server.post(INFER, GOOD).statusCode());
      device.hold();
      CompletableFuture<HttpResponse<String>> running = server.postAsync(INFER, GOOD);
      device.awaitHeldRuns(1);
      CompletableFuture<HttpResponse<String>> waiting = server.postAsync(INFER, GOOD);
      server.awaitQueuedRows(1);

      HttpResponse<String> hasty =
          server.post(INFER, GOOD.replace("{\"id\"", "{\"parameters\":{\"timeout\":1},\"id\""));

      assertEquals(503, hasty.statusCode());
      assertEquals("1", hasty.headers().firstValue("Retry-After").orElseThrow());
      device.open();
      assertEquals(200, running.join().statusCode());
      assertEquals(200, waiting.join().statusCode());
    }
  }

  @Test
  void freesAVersionOnceItsLastRequestHasLeft() throws Exception {
    ServingConfig config = CONFIG.with(change -> change.loadedVersions(1));
    try (RunningServer server = new RunningServer(state, config, device)) {
      assertEquals(200, server.post(INFER, GOOD).statusCode());
      int ofOneVersion = device.openExecutions();
      device.hold();
      CompletableFuture<HttpResponse<String>> last = server.postAsync(INFER, GOOD);
      device.awaitHeldRuns(1);
      PublishedModels.small().publish(server.store(), "small", 2);
      CompletableFuture<Void> exchange =
          CompletableFuture.runAsync(() -> server.server().registry().refresh());
      device.awaitHeldRuns(2);
      assertEquals(ofOneVersion + 1, device.openExecutions(), "the second is being warmed");

      device.open();

      exchange.join();
      assertEquals("1", Answers.json(last.join()).get("model_version").asText());
      assertEquals(ofOneVersion, device.openExecutions(), "those of the second");
    }
  }
}
