package io.tidemill.serving;

import static io.tidemill.serving.Requests.GOOD;
import static io.tidemill.serving.Requests.INFER;
import static io.tidemill.serving.Requests.ROW;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import com.fasterxml.jackson.databind.JsonNode;
import io.tidemill.model.ModelStore;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BinaryInferTest {
  private static final PublishedModels SMALL = PublishedModels.small();
  private static final String LENGTH = "Inference-Header-Content-Length";
  private static final String HEAD =
      "{\"inputs\":[{\"name\":\"input\",\"shape\":[1,4],\"datatype\":\"FP32\","
          + "\"parameters\":{\"binary_data_size\":16}}],"
          + "\"outputs\":[{\"name\":\"label\"},"
          + "{\"name\":\"probabilities\",\"parameters\":{\"binary_data\":true}}]}";

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

  @Test
  void answersBinaryTensorsBehindTheJsonToTheBitsOfTheProgram() throws Exception {
    HttpResponse<byte[]> response = post(String.valueOf(HEAD.length()), HEAD, ROW);

    int jsonBytes = Integer.parseInt(response.headers().firstValue(LENGTH).orElseThrow());
    JsonNode answer =
        Answers.json(new String(response.body(), 0, jsonBytes, StandardCharsets.UTF_8));
    JsonNode probabilities = Answers.output(answer, "probabilities");
    assertEquals(200, response.statusCode());
    assertEquals(12, probabilities.get("parameters").get("binary_data_size").asInt());
    assertFalse(probabilities.has("data"));
    assertEquals(1, Answers.output(answer, "label").get("data").size());
    assertArrayEquals(
        SMALL.probabilities(running.device(), 1, ROW), floats(response.body(), jsonBytes));
  }

  @Test
  void answersABodyThatIsTheInputAndNothingElse() throws Exception {
    HttpResponse<byte[]> response = post("0", "", ROW);

    int jsonBytes = Integer.parseInt(response.headers().firstValue(LENGTH).orElseThrow());
    assertEquals(200, response.statusCode());
    assertArrayEquals(
        SMALL.probabilities(running.device(), 1, ROW), floats(response.body(), jsonBytes));
  }

  @Test
  void answersJsonAsJsonAlthoughTheLengthIsGiven() throws Exception {
    HttpResponse<byte[]> response = post(String.valueOf(GOOD.length()), GOOD);

    assertEquals(200, response.statusCode());
    assertEquals("application/json", response.headers().firstValue("Content-Type").orElseThrow());
    assertFalse(response.headers().firstValue(LENGTH).isPresent());
  }

  @Test
  void refusesBytesThatNoInputSpeaksOfWithASentenceInJson() throws Exception {
    HttpResponse<byte[]> response = post(String.valueOf(GOOD.length()), GOOD, 1);

    assertEquals(400, response.statusCode());
    assertEquals(
        "expected 0 bytes of tensors behind the JSON, as the inputs say, found 4",
        Answers.json(new String(response.body(), StandardCharsets.UTF_8)).get("error").asText());
  }

  private static HttpResponse<byte[]> post(String jsonBytes, String json, float... values)
      throws Exception {
    ByteBuffer tensor =
        ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    tensor.asFloatBuffer().put(values);
    return running.sendForBytes(
        running
            .request(INFER)
            .header("Content-Type", "application/octet-stream")
            .header(LENGTH, jsonBytes)
            .POST(
                BodyPublishers.concat(
                    BodyPublishers.ofString(json), BodyPublishers.ofByteArray(tensor.array()))));
  }

  private static float[] floats(byte[] body, int from) {
    ByteBuffer bytes = ByteBuffer.wrap(body, from, 12).order(ByteOrder.LITTLE_ENDIAN);
    float[] values = new float[3];
    bytes.asFloatBuffer().get(values);
    return values;
  }
}
