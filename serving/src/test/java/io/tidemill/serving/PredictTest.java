package io.tidemill.serving;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.tidemill.model.ModelStore;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PredictTest {
  private static final PublishedModels SMALL = PublishedModels.small();
  private static final String PREDICT = "/v1/models/small:predict";
  private static final float[][] ROWS = {{0.5f, -1, 2, 0.25f}, {1, 2, 3, 4}};

  @TempDir private static Path state;
  private static RunningServer running;

  @BeforeAll
  static void start() {
    SMALL.publish(ModelStore.in(state), "small", 1);
    running = new RunningServer(state, ServingConfig.defaults());
  }

  @AfterAll
  static void stop() {
    running.close();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"instances\":[[0.5,-1,2,0.25],[1,2,3,4]]}",
        "{\"signature_name\":\"x\",\"instances\":[{\"input\":[0.5,-1,2,0.25]},[1,2,3,4]]}"
      })
  void answersInstancesByRow(String body) throws Exception {
    HttpResponse<String> response = running.post(PREDICT, body);

    JsonNode predictions = Answers.json(response).get("predictions");
    assertEquals(200, response.statusCode());
    assertEquals(2, predictions.size());
    for (int row = 0; row < 2; row++) {
      assertEquals(expected(row), predictions.get(row).get("probabilities").toString());
      assertTrue(predictions.get(row).get("label").isInt());
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"inputs\":[[0.5,-1,2,0.25],[1,2,3,4]]}",
        "{\"inputs\":{\"input\":[[0.5,-1,2,0.25],[1,2,3,4]]}}"
      })
  void answersInputsByTensor(String body) throws Exception {
    HttpResponse<String> response = running.post("/v1/models/small/versions/1:predict", body);

    JsonNode outputs = Answers.json(response).get("outputs");
    assertEquals(200, response.statusCode());
    assertEquals(
        "[" + expected(0) + "," + expected(1) + "]", outputs.get("probabilities").toString());
    assertEquals(2, outputs.get("label").size());
  }

  @Test
  void namesTheModelsAndSaysThatTheyAreReady() throws Exception {
    assertEquals("{\"models\":[\"small\"]}", running.get("/v1/models").body());
    assertEquals("{\"name\":\"small\",\"ready\":true}", running.get("/v1/models/small").body());
    assertEquals(404, running.get("/v1/models/large").statusCode());
    assertEquals(404, running.post("/v1/models/small/versions/2:predict", "{}").statusCode());
  }

  @Test
  void saysWhichVersionAnsweredAndWhereItsWeightsCameFrom() throws Exception {
    JsonNode answer = Answers.json(running.post(PREDICT, "{\"instances\":[[0.5,-1,2,0.25]]}"));

    assertEquals("small", answer.get("model_name").asText());
    assertEquals("1", answer.get("model_version").asText());
    assertEquals("job-of-small", answer.at("/parameters/lineage/job").asText());
  }

  @Test
  void tellsTheSignatureAsTensorFlowServingDoes() throws Exception {
    HttpResponse<String> response = running.get("/v1/models/small/metadata");

    JsonNode document = Answers.json(response);
    JsonNode signature = document.at("/metadata/signature_def/signature_def/serving_default");
    assertEquals(200, response.statusCode());
    assertEquals("1", document.at("/model_spec/version").asText());
    assertEquals("DT_FLOAT", signature.at("/inputs/input/dtype").asText());
    assertEquals("-1", signature.at("/inputs/input/tensor_shape/dim/0/size").asText());
    assertEquals("4", signature.at("/inputs/input/tensor_shape/dim/1/size").asText());
    assertEquals("DT_INT64", signature.at("/outputs/label/dtype").asText());
    assertEquals(response.body(), running.get("/v1/models/small/versions/1/metadata").body());
    assertEquals(404, running.get("/v1/models/small/versions/2/metadata").statusCode());
    assertEquals(404, running.get("/v1/models/small/labels/none/metadata").statusCode());
    assertEquals(404, running.get("/v1/models/small/labels/none").statusCode());
  }

  @Test
  void saysThatItIsAliveToWhoeverAsksForJson() throws Exception {
    HttpResponse<String> json =
        running.send(running.request("/").header("Accept", "application/json"));
    HttpResponse<String> html =
        running.send(running.request("/").header("Accept", "text/html,*/*"));

    assertEquals("{\"status\":\"alive\"}", json.body());
    assertTrue(html.headers().firstValue("Content-Type").orElse("").startsWith("text/html"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "[]|expected the body to be a JSON object, found an array",
        "{}|expected \"instances\" or \"inputs\" in the body, found neither",
        "{'instances':[[1,2,3,4]],'inputs':[[1,2,3,4]]}"
            + "|expected either \"instances\" or \"inputs\", found both",
        "{'instances':{}}|expected \"instances\" to be an array, found an object",
        "{'instances':[]}|input \"input\": expected values nested as [-1, 4], found them nested as"
            + " [0]",
        "{'instances':[[1,2,3]]}|input \"input\": expected values nested as [-1, 4], found them"
            + " nested as [1, 3]",
        "{'instances':[[1,2,3,4],[1,2,3]]}|input \"input\": expected nested data of equal lengths,"
            + " found arrays that differ before element 7",
        "{'instances':[1,[1,2,3,4]]}|input \"input\": expected nested data of equal lengths, found"
            + " arrays that differ before element 1",
        "{'instances':[{'x':[1]}]}|unknown input: expected \"input\", found input \"x\"",
        "{'instances':[{}]}|instance 0: expected the inputs \"input\", found 0 of them",
        "{'instances':['a']}|input \"input\": expected a number at element 0 of data, found a"
            + " string",
        "{'inputs':7}|input \"input\": expected data to be an array of numbers, found a number",
        "{'inputs':{}}|input \"input\": expected values nested as [-1, 4], found them nested as []",
        "{'instances':[[1,2,3,4]]} 1|expected the body to end after the JSON object, found a number"
            + " at line 1, column 27",
      })
  void refusesABodyThatDoesNotFit(String body, String sentence) throws Exception {
    HttpResponse<String> response = running.post(PREDICT, body.replace('\'', '"'));

    assertEquals(sentence, Answers.error(response));
    assertEquals(400, response.statusCode());
  }

  private static String expected(int row) {
    return Arrays.toString(SMALL.probabilities(running.device(), 1, ROWS[row])).replace(" ", "");
  }
}
