package io.tidemill.serving;

import static io.tidemill.serving.Requests.GOOD;
import static io.tidemill.serving.Requests.INFER;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.tidemill.model.ModelStore;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RepositoryTest {
  private static final PublishedModels SMALL = PublishedModels.small();
  private static final String REPOSITORY = "/v2/repository";
  private static final String LOAD = REPOSITORY + "/models/small/load";
  private static final String UNLOAD = REPOSITORY + "/models/small/unload";

  @TempDir private Path state;
  private RunningServer server;

  @BeforeEach
  void start() {
    SMALL.publish(ModelStore.in(state), "small", 1);
    server = new RunningServer(state, ServingConfig.defaults());
  }

  @AfterEach
  void stop() {
    server.close();
  }

  @Test
  void listsWhatIsInTheStoreAndWhetherItAnswers() throws Exception {
    SMALL.publish(server.store(), "small", 2);

    assertEquals(
        "[{\"name\":\"small\",\"version\":\"1\",\"state\":\"READY\",\"reason\":\"\"},"
            + "{\"name\":\"small\",\"version\":\"2\",\"state\":\"UNAVAILABLE\","
            + "\"reason\":\"not among the latest\"}]",
        server.post(REPOSITORY + "/index", "").body());
    assertEquals(
        "[{\"name\":\"small\",\"version\":\"1\",\"state\":\"READY\",\"reason\":\"\"}]",
        server.post(REPOSITORY + "/index", "{\"ready\":true}").body());
  }

  @Test
  void loadsTheLatestVersionAtOnce() throws Exception {
    SMALL.publish(server.store(), "small", 2);

    assertEquals(200, server.post(LOAD, "").statusCode());

    assertEquals("2", Answers.json(server.post(INFER, GOOD)).get("model_version").asText());
  }

  @Test
  void anUnloadedModelStaysSoUntilItIsLoaded() throws Exception {
    assertEquals(200, server.post(UNLOAD, "{\"parameters\":{}}").statusCode());
    SMALL.publish(server.store(), "small", 2);
    server.server().registry().refresh();

    assertEquals(404, server.post(INFER, GOOD).statusCode());
    assertEquals(404, server.post(UNLOAD, "").statusCode());
    assertTrue(server.post(REPOSITORY + "/index", "").body().contains("\"unloaded\""));

    assertEquals(200, server.post(LOAD, "").statusCode());
    assertEquals("2", Answers.json(server.post(INFER, GOOD)).get("model_version").asText());
  }

  @Test
  void saysWhyAVersionCannotBeLoadedAndKeepsTheOneBefore() throws Exception {
    SMALL.publish(server.store(), "small", 2);
    Path weights = state.resolve("models/small/2/weights.safetensors");
    Files.write(weights, new byte[] {1, 2, 3});

    HttpResponse<String> refused = server.post(LOAD, "");

    assertEquals(422, refused.statusCode());
    assertTrue(Answers.error(refused).contains(weights.toString()), refused.body());
    assertTrue(
        server.post(REPOSITORY + "/index", "").body().contains(weights.toString()), "as a reason");
    assertEquals("1", Answers.json(server.post(INFER, GOOD)).get("model_version").asText());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "/index|[]|400|expected the body to be a JSON object, found an array",
        "/index|{\"ready\":1}|400|ready: expected true or false, found 1",
        "/models/none/load||404|unknown model: expected one of the stored [small], found \"none\"",
        "/models/none/unload||404|unknown model: expected one of the loaded [small], found"
            + " \"none\"",
        "/models/small/load|{\"parameters\":{\"config\":\"{}\"}}|400|parameters: expected none,"
            + " because a version is loaded as it lies in the repository; found {config={}}",
      })
  void refusesInOneSentence(String path, String body, int status, String sentence)
      throws Exception {
    HttpResponse<String> refused = server.post(REPOSITORY + path, body == null ? "" : body);

    assertEquals(sentence, Answers.error(refused));
    assertEquals(status, refused.statusCode());
  }

  @Test
  void countsWhatAModelHasDone() throws Exception {
    server.post(INFER, GOOD);
    server.post(INFER, Requests.body(Requests.randomRows(3, 4, 1)));
    server.post(INFER, "{}");

    JsonNode model = Answers.json(server.get("/v2/models/small/stats")).get("model_stats").get(0);

    assertEquals("small", model.get("name").asText());
    assertEquals("1", model.get("version").asText());
    assertEquals(4, model.get("inference_count").asLong());
    assertEquals(2, model.get("execution_count").asLong());
    assertEquals(2, model.get("inference_stats").get("success").get("count").asLong());
    assertEquals(1, model.get("inference_stats").get("fail").get("count").asLong());
    assertEquals(2, model.get("inference_stats").get("queue").get("count").asLong());
    assertTrue(model.get("inference_stats").get("compute_infer").get("ns").asLong() > 0);
    assertTrue(model.get("last_inference").asLong() > 0);
    assertEquals(
        server.get("/v2/models/small/versions/1/stats").body(),
        server.get("/v2/models/stats").body());
  }
}
