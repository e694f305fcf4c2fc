package io.tidemill.serving;

import static io.tidemill.serving.Requests.GOOD;
import static io.tidemill.serving.Requests.INFER;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.tidemill.model.ModelStore;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InferTest {
  private static final PublishedModels SMALL = PublishedModels.small();

  @TempDir private static Path state;
  private static RunningServer running;

  @BeforeAll
  static void start() {
    SMALL.publish(ModelStore.in(state), "small", 1);
    running =
        new RunningServer(
            state, ServingConfig.defaults().with(change -> change.maxBodyBytes(100_000)));
  }

  @AfterAll
  static void stop() {
    running.close();
  }

  @Test
  void answersWithWhatTheProgramComputesAndWhereTheWeightsCameFrom() throws Exception {
    HttpResponse<String> response = running.post(INFER, GOOD);

    JsonNode answer = Answers.json(response);
    float[] expected = SMALL.probabilities(running.device(), 1, new float[] {0.5f, -1, 2, 0.25f});
    assertEquals(200, response.statusCode());
    assertEquals("small", answer.get("model_name").asText());
    assertEquals("1", answer.get("model_version").asText());
    assertEquals("7", answer.get("id").asText());
    assertEquals(
        Answers.json(
            "{\"lineage\":{\"job\":\"job-of-small\",\"checkpoint\":1,\"step\":100,"
                + "\"modelVersion\":1,\"samples\":25600,\"sources\":{\"images\":{\"0\":25600}}}}"),
        answer.get("parameters"));
    assertArrayEquals(expected, Answers.floats(answer, "probabilities"));
    assertEquals("[1,3]", Answers.output(answer, "probabilities").get("shape").toString());
    assertEquals("INT64", Answers.output(answer, "label").get("datatype").asText());
    assertEquals(indexOfMost(expected), Answers.output(answer, "label").get("data").get(0).asInt());
  }

  @Test
  void answersOnlyTheOutputsAskedFor() throws Exception {
    String body = GOOD.replace("{\"id\":\"7\",", "{\"outputs\":[{\"name\":\"label\"}],");

    JsonNode answer = Answers.json(running.post(INFER, body).body());

    assertEquals(1, answer.get("outputs").size());
    assertEquals("label", answer.get("outputs").get(0).get("name").asText());
    assertTrue(answer.get("id") == null);
  }

  @Test
  void answersEachRowToTheSameBitsInWhateverBatchItRides() throws Exception {
    float[][] rows = Requests.randomRows(150, 4, 11);

    JsonNode answer = Answers.json(running.post(INFER, Requests.body(rows)).body());

    float[] together = Answers.floats(answer, "probabilities");
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
      float[][] all = Requests.randomRows(64, 784, 14);
      for (int rows : new int[] {1, 2, 3, 5, 9, 17, 33, 64}) {
        float[][] some = Arrays.copyOf(all, rows);
        JsonNode answer =
            Answers.json(server.post("/v2/models/digits/infer", Requests.body(some)).body());
        float[] together = Answers.floats(answer, "probabilities");
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
    float[][] rows = Requests.randomRows(10, 4, 12);

    List<CompletableFuture<HttpResponse<String>>> answers =
        Arrays.stream(rows)
            .map(row -> running.postAsync(INFER, Requests.body(new float[][] {row})))
            .toList();

    for (int i = 0; i < rows.length; i++) {
      JsonNode answer = Answers.json(answers.get(i).join().body());
      assertArrayEquals(
          SMALL.probabilities(running.device(), 1, rows[i]),
          Answers.floats(answer, "probabilities"));
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

  private static int indexOfMost(float[] values) {
    int most = 0;
    for (int i = 1; i < values.length; i++) {
      most = values[i] > values[most] ? i : most;
    }
    return most;
  }
}
