package io.tidemill.serving;

import static io.tidemill.serving.Requests.GOOD;
import static io.tidemill.serving.Requests.INFER;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.model.ModelStore;
import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LifecycleTest {
  private static final int REQUESTS = 16;
  private static final int ROWS = 300;

  private final GatedDevice device = new GatedDevice();
  @TempDir private Path state;

  @BeforeEach
  void publish() {
    PublishedModels.small().publish(ModelStore.in(state), "small", 1);
  }

  @RepeatedTest(5)
  void answersEveryRequestThatItHadReadWhenToldToStop() throws Exception {
    String large = Requests.body(Requests.randomRows(ROWS, 4, 13));
    ServingConfig config =
        ServingConfig.defaults()
            .with(
                change ->
                    change
                        .stopTimeout(Duration.ofSeconds(60))
                        .executors(1)
                        .batchRows(16)
                        .maxQueuedRows(REQUESTS * ROWS));
    try (RunningServer server = new RunningServer(state, config, device)) {
      device.hold();
      List<CompletableFuture<HttpResponse<String>>> answers =
          IntStream.range(0, REQUESTS).mapToObj(i -> server.postAsync(INFER, large)).toList();
      device.awaitHeldRuns(1);
      server.awaitQueuedRows(REQUESTS * ROWS - 16);
      CompletableFuture<Void> stopping = CompletableFuture.runAsync(server.server()::close);
      server.awaitClosedPort();

      device.open();

      stopping.join();
      for (CompletableFuture<HttpResponse<String>> answer : answers) {
        assertEquals(200, answer.join().statusCode());
        assertEquals(ROWS, Answers.output(Answers.json(answer.join()), "label").get("data").size());
      }
    }
  }

  @Test
  void closesConnectionsThatAskNothingWithoutWaitingForThem() throws Exception {
    ServingConfig config =
        ServingConfig.defaults().with(change -> change.stopTimeout(Duration.ofSeconds(30)));
    try (RunningServer server = new RunningServer(state, config, device);
        Socket silent = new Socket(InetAddress.getLoopbackAddress(), server.server().port())) {
      silent.setSoTimeout(10_000);
      assertEquals(200, server.post(INFER, GOOD).statusCode());
      long startedNs = System.nanoTime();

      server.server().close();

      assertEquals(-1, silent.getInputStream().read());
      assertTrue(System.nanoTime() - startedNs < 10_000_000_000L);
    }
  }

  @Test
  void stopsAfterTheStopTimeoutThoughARequestIsNotAnswered() throws Exception {
    ServingConfig config =
        ServingConfig.defaults().with(change -> change.stopTimeout(Duration.ofMillis(50)));
    try (RunningServer server = new RunningServer(state, config, device)) {
      device.hold();
      CompletableFuture<HttpResponse<String>> answer = server.postAsync(INFER, GOOD);
      device.awaitHeldRuns(1);
      // A thread of its own: the client completes its answers in the common pool.
      Thread stopping = Thread.ofPlatform().start(server.server()::close);

      assertThrows(Exception.class, answer::join);

      device.open();
      stopping.join();
    }
  }

  @Test
  void saysWhichPortIsInUse(@TempDir Path other) {
    try (RunningServer running = new RunningServer(state, ServingConfig.defaults(), device)) {
      int port = running.server().port();

      EngineException e =
          assertThrows(
              EngineException.class,
              () ->
                  ServingServer.start(
                      ServingConfig.defaults().with(change -> change.port(port)),
                      ModelStore.in(other),
                      device));

      assertEquals(ErrorCode.RESOURCE, e.code());
      assertEquals(
          "port %d on 127.0.0.1 is in use by another process; choose another port".formatted(port),
          e.getMessage());
    }
  }
}
