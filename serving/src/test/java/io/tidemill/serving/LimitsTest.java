package io.tidemill.serving;

import static io.tidemill.serving.Requests.GOOD;
import static io.tidemill.serving.Requests.INFER;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemill.model.ModelStore;
import io.tidemill.serving.ServingConfig.Change;
import io.tidemill.serving.access.RateLimit.Rate;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class LimitsTest {
  private final GatedDevice device = new GatedDevice();
  @TempDir private Path state;

  @BeforeEach
  void publish() {
    PublishedModels.small().publish(ModelStore.in(state), "small", 1);
  }

  private RunningServer server(Consumer<Change> change) {
    return new RunningServer(state, ServingConfig.defaults().with(change), device);
  }

  @Test
  void tellsAClientThatSendsTooManyRequestsWhenTheNextIsDue() throws Exception {
    try (RunningServer server = server(change -> change.rate(new Rate(0.01, 2)))) {
      assertEquals(200, server.post(INFER, GOOD).statusCode());
      assertEquals(200, server.post(INFER, GOOD).statusCode());

      HttpResponse<String> refused = server.post(INFER, GOOD);

      assertEquals(429, refused.statusCode());
      long seconds = Long.parseLong(refused.headers().firstValue("Retry-After").orElse("none"));
      assertTrue(seconds > 90 && seconds <= 100, "" + seconds);
      assertTrue(Answers.error(refused).startsWith("too many requests: the next one is due in "));
      assertEquals(200, server.get("/ready").statusCode(), "probes are not counted");
    }
  }

  @Test
  void refusesConnectionsBeyondTheLimitAndTakesThemOnceOthersHaveGone() throws Exception {
    try (RunningServer server = server(change -> change.connections(1));
        RawClient first = new RawClient(server.server().port())) {
      first.send(RawClient.post(INFER, GOOD));
      assertEquals(200, first.answer().status());
      try (RawClient second = new RawClient(server.server().port())) {
        second.send(RawClient.post(INFER, GOOD));

        RawClient.Answer refused = second.answer();

        assertEquals(503, refused.status());
        assertEquals("1", refused.header("Retry-After"));
        assertEquals("close", refused.header("Connection"));
        assertTrue(refused.body().contains("too many connections: expected at most 1"));
        assertTrue(second.isAtEnd());
      }
      first.send(RawClient.post(INFER, GOOD));
      assertEquals(200, first.answer().status());
      first.leave();

      int status = 503;
      for (int tries = 0; status == 503 && tries < 1_000; tries++) {
        try (RawClient next = new RawClient(server.server().port())) {
          next.send(RawClient.post(INFER, GOOD));
          status = next.answer().status();
        }
      }
      assertEquals(200, status);
    }
  }

  @Test
  void givesUpARequestWhoseHeadDoesNotCome() throws Exception {
    try (RunningServer server = server(change -> change.headTimeout(Duration.ofMillis(300)));
        RawClient slow = new RawClient(server.server().port())) {
      slow.send("POST " + INFER + " HTTP/1.1\r\nHost: x\r\nX-Slo");

      RawClient.Answer answer = slow.answer();

      assertEquals(408, answer.status());
      assertEquals(
          "{\"error\":\"the head of the request did not arrive in time: send it whole\"}",
          answer.body());
      assertTrue(slow.isAtEnd());
    }
  }

  @Test
  void aConnectionThatRestsBetweenRequestsIsNotLate() throws Exception {
    try (RunningServer server = server(change -> change.headTimeout(Duration.ofMillis(40)));
        RawClient resting = new RawClient(server.server().port());
        RawClient late = new RawClient(server.server().port())) {
      resting.send(RawClient.post(INFER, GOOD));
      assertEquals(200, resting.answer().status());

      late.send("GET");
      assertEquals(408, late.answer().status(), "so long it has rested");

      resting.send(RawClient.post(INFER, GOOD));
      assertEquals(200, resting.answer().status());
    }
  }

  @Test
  void aClientThatShutsItsHalfBehindTheRequestIsAnswered() throws Exception {
    try (RunningServer server = server(change -> {});
        RawClient half = new RawClient(server.server().port())) {
      device.hold();
      half.send(RawClient.post(INFER, GOOD));
      half.shutdownOutput();
      device.awaitHeldRuns(1);
      try (RawClient waiting = new RawClient(server.server().port())) {
        waiting.send(RawClient.post(INFER, GOOD));
        waiting.shutdownOutput();
        device.open();

        assertEquals(200, half.answer().status());
        assertTrue(half.isAtEnd());
        assertEquals(200, waiting.answer().status());
        assertTrue(waiting.isAtEnd());
      }
    }
  }

  @Test
  void refusesBodiesBeyondWhatTheServerMayHold() throws Exception {
    try (RunningServer server =
            server(change -> change.maxBodyBytes(100_000).heldBodyBytes(100_000));
        RawClient slow = new RawClient(server.server().port())) {
      String large = GOOD + " ".repeat(90_000);
      String whole = RawClient.post(INFER, large);
      slow.send(whole.substring(0, whole.length() - 1));

      while (heldBytes(server) < large.length() - 1) {
        Thread.onSpinWait(); // until the slow one's bytes have come
      }
      HttpResponse<String> refused = server.post(INFER, large);

      assertEquals(503, refused.statusCode());
      assertEquals("1", refused.headers().firstValue("Retry-After").orElse("none"));
      assertTrue(Answers.error(refused).contains("as many bytes of bodies as it may, 100000"));
      assertEquals(200, server.post(INFER, GOOD).statusCode());
      slow.send(" ");
      assertEquals(200, slow.answer().status());
      assertEquals(200, server.post(INFER, large).statusCode(), "they are held no more");
    }
  }

  private static double heldBytes(RunningServer server) throws Exception {
    String metrics = server.get("/metrics").body();
    return metrics
        .lines()
        .filter(line -> line.startsWith("tidemill_http_held_body_bytes "))
        .mapToDouble(line -> Double.parseDouble(line.split(" ", 2)[1]))
        .findFirst()
        .orElseThrow();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        INFER,
        "/v1/models/small:predict",
        "/v2/repository/index",
        "/v2/repository/models/small/load",
        "/v2/repository/models/small/unload",
        "/api/models/small/promote",
        "/pipelines/a/b"
      })
  void refusesBodiesThatAreNoJsonOrCodedOtherwise(String path) throws Exception {
    try (RunningServer server = server(change -> {})) {
      HttpResponse<String> text =
          server.send(
              server
                  .request(path)
                  .header("Content-Type", "text/csv")
                  .POST(BodyPublishers.ofString("a,b")));
      HttpResponse<String> coded =
          server.send(
              server
                  .request(path)
                  .header("Content-Type", "application/json")
                  .header("Content-Encoding", "br")
                  .POST(BodyPublishers.ofString("{}")));

      assertEquals(415, text.statusCode());
      assertEquals(
          "body: expected Content-Type application/json, found text/csv", Answers.error(text));
      assertEquals(415, coded.statusCode());
      assertEquals(
          "body: expected Content-Encoding gzip or deflate, or none, found br",
          Answers.error(coded));
    }
  }

  @ParameterizedTest
  @CsvSource({INFER, "/pipelines/a/b"})
  void aRequestThatItsHeadersRefuseIsAnsweredThoughNobodyReadsItsBody(String path)
      throws Exception {
    try (RunningServer server = server(change -> {});
        RawClient client = new RawClient(server.server().port())) {
      client.send(RawClient.post(path, GOOD + " ".repeat(2_000_000), "X-Request-Priority: 99\r\n"));

      assertEquals(400, client.answer().status());
      assertTrue(client.isAtEnd());
    }
  }
}
