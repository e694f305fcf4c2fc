package io.tidemill.serving;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.model.ModelStore;
import io.tidemill.serving.registry.Refresh;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ServingServerTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String INFER = "/v2/models/small/infer";
  private static final String GOOD =
      "{\"id\":\"7\",\"inputs\":[{\"name\":\"input\",\"shape\":[1,4],\"datatype\":\"FP32\","
          + "\"data\":[0.5,-1,2,0.25]}]}";

  @TempDir private static Path state;
  private static final PublishedModels SMALL = PublishedModels.small();
  private static RunningServer running;

  @BeforeAll
  static void start() {
    SMALL.publish(ModelStore.in(state), "small", 1);
    running = new RunningServer(state, ServingConfig.defaults().withMaxBodyBytes(100_000));
  }

  @AfterAll
  static void stop() {
    running.close();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "/v2/health/live|{\"live\":true}",
        "/v2/health/ready|{\"ready\":true}",
        "/ready|{\"ready\":true}",
        "/alive|{\"alive\":true}",
        "/v2|{\"name\":\"tidemill\",\"version\":\"0.1.0\",\"extensions\":[]}",
        "/v2/|{\"name\":\"tidemill\",\"version\":\"0.1.0\",\"extensions\":[]}",
        "/v2/models/small/ready|{\"name\":\"small\",\"ready\":true}",
        "/v2/models/small/versions/1/ready|{\"name\":\"small\",\"ready\":true}",
        "/v2/models/small|{\"name\":\"small\",\"versions\":[\"1\"],\"platform\":\"tidemill\","
            + "\"inputs\":[{\"name\":\"input\",\"datatype\":\"FP32\",\"shape\":[-1,4]}],"
            + "\"outputs\":[{\"name\":\"probabilities\",\"datatype\":\"FP32\",\"shape\":[-1,3]},"
            + "{\"name\":\"label\",\"datatype\":\"INT64\",\"shape\":[-1]}]}",
      })
  void answersAboutItself(String path, String body) throws Exception {
    HttpResponse<String> response = running.get(path);

    assertEquals(200, response.statusCode());
    assertEquals(body, response.body());
    assertEquals("application/json", response.headers().firstValue("Content-Type").orElseThrow());
  }

  @Test
  void answersWithWhatTheProgramComputesAndWhereTheWeightsCameFrom() throws Exception {
    HttpResponse<String> response = running.post(INFER, GOOD);

    JsonNode answer = JSON.readTree(response.body());
    float[] expected = SMALL.probabilities(running.device(), 1, new float[] {0.5f, -1, 2, 0.25f});
    assertEquals(200, response.statusCode());
    assertEquals("small", answer.get("model_name").asText());
    assertEquals("1", answer.get("model_version").asText());
    assertEquals("7", answer.get("id").asText());
    assertEquals(
        JSON.readTree(
            "{\"lineage\":{\"job\":\"job-of-small\",\"checkpoint\":1,\"step\":100,"
                + "\"modelVersion\":1,\"samples\":25600,\"sources\":{\"images\":{\"0\":25600}}}}"),
        answer.get("parameters"));
    assertArrayEquals(expected, floats(answer, "probabilities"));
    assertEquals("[1,3]", output(answer, "probabilities").get("shape").toString());
    assertEquals("INT64", output(answer, "label").get("datatype").asText());
    assertEquals(indexOfMost(expected), output(answer, "label").get("data").get(0).asInt());
  }

  @Test
  void answersOnlyTheOutputsAskedFor() throws Exception {
    String body = GOOD.replace("{\"id\":\"7\",", "{\"outputs\":[{\"name\":\"label\"}],");

    JsonNode answer = JSON.readTree(running.post(INFER, body).body());

    assertEquals(1, answer.get("outputs").size());
    assertEquals("label", answer.get("outputs").get(0).get("name").asText());
    assertTrue(answer.get("id") == null);
  }

  @Test
  void answersEachRowToTheSameBitsInWhateverBatchItRides() throws Exception {
    float[][] rows = randomRows(150, 4, 11);

    JsonNode answer = JSON.readTree(running.post(INFER, body(rows)).body());

    float[] together = floats(answer, "probabilities");
    assertEquals(150 * 3, together.length);
    for (int i = 0; i < rows.length; i++) {
      assertArrayEquals(
          SMALL.probabilities(running.device(), 1, rows[i]),
          Arrays.copyOfRange(together, i * 3, i * 3 + 3),
          "row " + i);
    }
  }

  @Test
  void answersRowsOfAWideNetworkToTheSameBitsInBatchesOfEverySize(@TempDir Path other)
      throws Exception {
    PublishedModels digits = PublishedModels.digits();
    digits.publish(ModelStore.in(other), "digits", 5);
    ServingConfig config = ServingConfig.defaults();
    try (RunningServer server = new RunningServer(other, config)) {
      float[][] all = randomRows(64, 784, 14);
      for (int rows : new int[] {1, 2, 3, 5, 9, 17, 33, 64}) {
        float[][] some = Arrays.copyOf(all, rows);
        JsonNode answer = JSON.readTree(server.post("/v2/models/digits/infer", body(some)).body());
        float[] together = floats(answer, "probabilities");
        for (int i = 0; i < rows; i++) {
          assertArrayEquals(
              digits.probabilities(server.device(), 5, some[i]),
              Arrays.copyOfRange(together, i * 10, i * 10 + 10),
              "row %d of %d".formatted(i, rows));
        }
      }
    }
  }

  @Test
  void answersTenRequestsInParallelEachWithItsOwn() throws Exception {
    float[][] rows = randomRows(10, 4, 12);

    List<CompletableFuture<HttpResponse<String>>> answers =
        Arrays.stream(rows)
            .map(row -> running.postAsync(INFER, body(new float[][] {row})))
            .toList();

    for (int i = 0; i < rows.length; i++) {
      JsonNode answer = JSON.readTree(answers.get(i).join().body());
      assertArrayEquals(
          SMALL.probabilities(running.device(), 1, rows[i]), floats(answer, "probabilities"));
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "POST|/v2/models/none/infer|404"
            + "|unknown model: expected one of the loaded [small], found \"none\"",
        "POST|/v2/models/small/versions/9/infer|404"
            + "|unknown version of model \"small\": expected one of the loaded [1], found \"9\"",
        "GET|/v2/models/none|404"
            + "|unknown model: expected one of the loaded [small], found \"none\"",
        "GET|/v2/models/none/ready|404"
            + "|unknown model: expected one of the loaded [small], found \"none\"",
        "GET|/v2/models/..%2F..%2Fetc|404"
            + "|unknown model: expected one of the loaded [small], found \"../../etc\"",
        "GET|/v3|404|unknown path /v3",
        "GET|/v2/models/small/infer|405"
            + "|/v2/models/small/infer: expected method POST, found GET",
        "DELETE|/metrics|405|/metrics: expected method GET, found DELETE",
      })
  void refusesWhatItDoesNotKnow(String method, String path, int status, String sentence)
      throws Exception {
    HttpResponse<String> response =
        running.send(
            running
                .request(path)
                .header("Content-Type", "application/json")
                .method(method, BodyPublishers.ofString(method.equals("POST") ? GOOD : "")));

    assertEquals(status, response.statusCode());
    assertEquals(sentence, error(response));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{\"inputs\":[|malformed JSON at line 1, column 12: Unexpected end-of-input:"
            + " expected close marker for Array",
        "{\"inputs\":[{\"name\":\"input\",\"shape\":[1,5],\"datatype\":\"FP32\",\"data\":[1]}]}"
            + "|input \"input\": expected shape [-1, 4], found [1, 5]",
        "{\"inputs\":[{\"name\":\"input\",\"shape\":[1,4],\"datatype\":\"FP64\",\"data\":[1]}]}"
            + "|input \"input\": expected datatype FP32, found FP64",
        "{\"inputs\":[{\"name\":\"input\",\"shape\":[1,4],\"datatype\":\"FP32\",\"data\":[1]}]}"
            + "|input \"input\": expected 4 elements for shape [1, 4], found 1",
        "{\"inputs\":[]}|missing input: expected \"input\", found only 0 of them and not \"input\"",
      })
  void refusesABodyThatDoesNotFit(String body, String sentence) throws Exception {
    HttpResponse<String> response = running.post(INFER, body);

    assertEquals(400, response.statusCode());
    assertEquals(sentence, error(response));
  }

  @ParameterizedTest
  @CsvSource({"100001, 413", "5000000, 413"})
  void refusesABodyThatIsTooLongHoweverItIsSent(int bytes, int status) throws Exception {
    byte[] body = " ".repeat(bytes).getBytes(StandardCharsets.US_ASCII);

    HttpResponse<String> announced = running.post(INFER, " ".repeat(bytes));
    HttpResponse<String> chunked =
        running.send(
            running
                .request(INFER)
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(body))));

    String sentence = "body too long: expected at most 100000 bytes, found more";
    assertEquals(status, announced.statusCode());
    assertEquals(sentence, error(announced));
    assertEquals(status, chunked.statusCode());
    assertEquals(sentence, error(chunked));
  }

  @Test
  void refusesATerabyteWithoutWaitingForIt() throws Exception {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), running.server().port())) {
      socket.setSoTimeout(10_000);
      write(
          socket,
          "POST "
              + INFER
              + " HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
              + "Content-Length: 1000000000000\r\n\r\n{");

      String answer = readAll(socket);

      assertTrue(answer.startsWith("HTTP/1.1 413 "), answer);
    }
  }

  @Test
  void readsABodyThatArrivesInPieces() throws Exception {
    HttpResponse<String> response =
        running.send(
            running
                .request(INFER)
                .header("Content-Type", "application/json; charset=utf-8")
                .POST(
                    BodyPublishers.concat(
                        BodyPublishers.ofString(GOOD.substring(0, 50)),
                        BodyPublishers.ofString(GOOD.substring(50)))));

    assertEquals(200, response.statusCode());
  }

  @Test
  void answersOthersWhileABodyDoesNotArriveAndThenGivesUp(@TempDir Path other) throws Exception {
    SMALL.publish(ModelStore.in(other), "small", 1);
    ServingConfig config = ServingConfig.defaults().withBodyTimeout(Duration.ofMillis(500));
    try (RunningServer patient = new RunningServer(other, config);
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), patient.server().port())) {
      socket.setSoTimeout(10_000);
      write(
          socket,
          "POST "
              + INFER
              + " HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
              + "Content-Length: 100\r\n\r\n{\"in");

      assertEquals(200, patient.post(INFER, GOOD).statusCode());
      String answer = readAll(socket);

      assertTrue(answer.startsWith("HTTP/1.1 408 "), answer);
      assertTrue(
          answer.endsWith(
              "{\"error\":\"the body did not arrive in time: send it whole,"
                  + " or in fewer bytes\"}"),
          answer);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "Content-Type|application/xml"
            + "|body: expected Content-Type application/json, found application/xml",
        "Content-Encoding|gzip|body: expected no Content-Encoding, found gzip",
        "Inference-Header-Content-Length|10"
            + "|body: expected JSON tensors, found binary ones (Inference-Header-Content-Length)",
      })
  void refusesABodyThatIsNotJson(String header, String value, String sentence) throws Exception {
    HttpResponse<String> response =
        running.send(
            running.request(INFER).header(header, value).POST(BodyPublishers.ofString(GOOD)));

    assertEquals(415, response.statusCode());
    assertEquals(sentence, error(response));
  }

  @Test
  void answersGarbageThatIsNotHttpInJson() throws Exception {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), running.server().port())) {
      socket.setSoTimeout(10_000);
      write(socket, "what is this\r\n\r\n");

      String answer = readAll(socket);

      assertTrue(answer.startsWith("HTTP/1.1 "), answer);
      assertTrue(answer.contains("{\"error\":\"malformed request: "), answer);
    }
  }

  @Test
  void countsRequestsInPrometheusFormat() throws Exception {
    running.post(INFER, GOOD);
    running.post(INFER, "{");

    String metrics = running.get("/metrics").body();

    for (String series :
        List.of(
            "tidemill_http_requests_total{route=\"infer\",status=\"200\"} ",
            "tidemill_http_requests_total{route=\"infer\",status=\"400\"} ",
            "tidemill_inference_request_seconds_bucket{model=\"small\",version=\"1\",le=\"0.001\"}"
                + " ",
            "tidemill_inference_queue_seconds_count{model=\"small\",version=\"1\"} ",
            "tidemill_batch_rows_bucket{model=\"small\",version=\"1\",le=\"64.0\"} ",
            "tidemill_queue_rows{model=\"small\",version=\"1\"} 0.0",
            "nv_inference_request_success{model=\"small\",version=\"1\"} ",
            "nv_inference_count{model=\"small\",version=\"1\"} ")) {
      assertTrue(metrics.contains(series), series + " is not in\n" + metrics);
    }
  }

  @Test
  void listsTheModelsOnAPage() throws Exception {
    HttpResponse<String> response = running.get("/");

    assertEquals(200, response.statusCode());
    assertTrue(response.body().contains("<td>input FP32 [*, 4]</td>"), response.body());
  }

  @Test
  void isNotReadyBeforeAModelIsPublishedAndServesItAfterTheRefresh(@TempDir Path other)
      throws Exception {
    try (RunningServer empty = new RunningServer(other, ServingConfig.defaults())) {
      assertEquals(503, empty.get("/v2/health/ready").statusCode());
      assertEquals("{\"ready\":false}", empty.get("/ready").body());
      assertEquals(200, empty.get("/v2/health/live").statusCode());

      SMALL.publish(empty.store(), "small", 3);
      Refresh refresh = empty.server().registry().refresh();

      assertEquals(List.of(new Refresh.Loaded("small", 1)), refresh.loaded());
      assertEquals(200, empty.get("/v2/health/ready").statusCode());
      assertEquals(200, empty.post(INFER, GOOD).statusCode());
    }
  }

  @Test
  void losesNoRequestWhileVersionsAreExchanged(@TempDir Path other) throws Exception {
    SMALL.publish(ModelStore.in(other), "small", 1);
    float[] row = {0.5f, -1, 2, 0.25f};
    try (RunningServer swapping = new RunningServer(other, ServingConfig.defaults())) {
      List<CompletableFuture<HttpResponse<String>>> answers = new ArrayList<>();
      for (int seed = 2; seed <= 12; seed++) {
        IntStream.range(0, 40).forEach(i -> answers.add(swapping.postAsync(INFER, GOOD)));
        SMALL.publish(swapping.store(), "small", seed);
        assertEquals(1, swapping.server().registry().refresh().loaded().size());
      }

      for (CompletableFuture<HttpResponse<String>> pending : answers) {
        HttpResponse<String> response = pending.join();
        assertEquals(200, response.statusCode(), response.body());
        JsonNode answer = JSON.readTree(response.body());
        long seed = answer.get("model_version").asLong();
        assertArrayEquals(
            SMALL.probabilities(swapping.device(), seed, row), floats(answer, "probabilities"));
      }
      assertEquals(List.of("11", "12"), swapping.server().registry().versions("small"));
      assertEquals(404, swapping.post("/v2/models/small/versions/10/infer", GOOD).statusCode());
      assertEquals(200, swapping.post("/v2/models/small/versions/11/infer", GOOD).statusCode());
    }
  }

  @Test
  void servesTheVersionBeforeWhereTheLatestIsBroken(@TempDir Path other) throws Exception {
    SMALL.publish(ModelStore.in(other), "small", 1);
    SMALL.publish(ModelStore.in(other), "small", 2);
    Files.delete(other.resolve("models/small/2/weights.safetensors"));
    try (RunningServer server = new RunningServer(other, ServingConfig.defaults())) {
      Refresh refresh = server.server().firstRefresh();

      assertEquals(List.of(new Refresh.Loaded("small", 1)), refresh.loaded());
      assertEquals(1, refresh.failures().size());
      assertTrue(refresh.failures().getFirst().getMessage().contains("weights.safetensors"));
      assertEquals(200, server.post(INFER, GOOD).statusCode());
    }
  }

  @Test
  void keepsAVersionThatWasAskedForBesideTheLatest(@TempDir Path other) throws Exception {
    IntStream.rangeClosed(1, 4).forEach(seed -> SMALL.publish(ModelStore.in(other), "small", seed));
    ServingConfig config = ServingConfig.defaults().withLoadedVersions(1);
    try (RunningServer server = new RunningServer(other, config)) {
      server.server().registry().load("small", 2);

      assertEquals(List.of("2", "4"), server.server().registry().versions("small"));
      JsonNode answer = JSON.readTree(server.post(INFER, GOOD).body());
      assertEquals("4", answer.get("model_version").asText());
      assertEquals(200, server.post("/v2/models/small/versions/2/infer", GOOD).statusCode());
    }
  }

  @Test
  void saysWhichPortIsInUse(@TempDir Path other) {
    int port = running.server().port();

    EngineException e =
        assertThrows(
            EngineException.class,
            () ->
                ServingServer.start(
                    ServingConfig.defaults().withPort(port),
                    ModelStore.in(other),
                    running.device()));

    assertEquals(ErrorCode.RESOURCE, e.code());
    assertEquals(
        "port %d on 127.0.0.1 is in use by another process; choose another port".formatted(port),
        e.getMessage());
  }

  @Test
  void answersWhatIsInFlightBeforeItStops(@TempDir Path other) throws Exception {
    SMALL.publish(ModelStore.in(other), "small", 1);
    RunningServer stopping = new RunningServer(other, ServingConfig.defaults());
    String large = body(randomRows(5_000, 4, 13));
    CompletableFuture<HttpResponse<String>> first = stopping.postAsync(INFER, GOOD);
    first.join();
    CompletableFuture<HttpResponse<String>> inFlight = stopping.postAsync(INFER, large);
    awaitArrival(stopping);

    stopping.close();

    assertEquals(200, inFlight.join().statusCode());
  }

  /** Waits until the large request has been parsed and queued, or is even done. */
  private static void awaitArrival(RunningServer server) throws Exception {
    long deadlineNs = System.nanoTime() + 30_000_000_000L;
    while (!server
        .get("/metrics")
        .body()
        .matches("(?s).*nv_inference_count\\S+ (\\d{3,}|\\S*E).*")) {
      assertTrue(System.nanoTime() < deadlineNs, "the request did not arrive");
    }
  }

  private static void write(Socket socket, String text) throws IOException {
    socket.getOutputStream().write(text.getBytes(StandardCharsets.US_ASCII));
    socket.getOutputStream().flush();
  }

  private static String readAll(Socket socket) throws IOException {
    return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
  }

  private static float[][] randomRows(int rows, int features, long seed) {
    Random random = new Random(seed);
    float[][] values = new float[rows][features];
    for (float[] row : values) {
      for (int i = 0; i < features; i++) {
        row[i] = random.nextFloat() * 4 - 2;
      }
    }
    return values;
  }

  private static String body(float[][] rows) {
    return "{\"inputs\":[{\"name\":\"input\",\"datatype\":\"FP32\",\"shape\":[%d,%d],\"data\":%s}]}"
        .formatted(rows.length, rows[0].length, Arrays.deepToString(rows));
  }

  private static JsonNode output(JsonNode answer, String name) {
    for (JsonNode output : answer.get("outputs")) {
      if (output.get("name").asText().equals(name)) {
        return output;
      }
    }
    throw new AssertionError("no output " + name + " in " + answer);
  }

  private static float[] floats(JsonNode answer, String name) {
    JsonNode data = output(answer, name).get("data");
    float[] values = new float[data.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = Float.parseFloat(data.get(i).asText());
    }
    return values;
  }

  private static int indexOfMost(float[] values) {
    int most = 0;
    for (int i = 1; i < values.length; i++) {
      most = values[i] > values[most] ? i : most;
    }
    return most;
  }

  private static String error(HttpResponse<String> response) throws IOException {
    return JSON.readTree(response.body()).get("error").asText();
  }
}
