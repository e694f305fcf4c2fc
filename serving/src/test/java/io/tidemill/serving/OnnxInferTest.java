package io.tidemill.serving;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.tidemill.tensor.NamedTensor;
import io.tidemill.tensor.Shape;
import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.math.BigInteger;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class OnnxInferTest {
  private static final double TOLERANCE = 1e-5;
  private static final String LENGTH = "Inference-Header-Content-Length";

  @TempDir private static Path state;
  private static RunningServer running;

  @BeforeAll
  static void start() throws Exception {
    for (String name :
        List.of(
            "torch_cnn",
            "torch_tagger",
            "tensorflow_mlp",
            "jax_mlp",
            "sklearn_logistic",
            "sklearn_forest",
            "sample_types",
            "sample_bfloat16",
            "sample_unsigned",
            "sample_columns",
            "sample_positive")) {
      OnnxFixture.install(state, name);
    }
    running = new RunningServer(state, ServingConfig.defaults());
    assertEquals(List.of(), running.server().firstRefresh().failures());
  }

  @AfterAll
  static void stop() {
    running.close();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "torch_cnn",
        "torch_tagger",
        "tensorflow_mlp",
        "jax_mlp",
        "sklearn_logistic",
        "sklearn_forest",
        "sample_types",
        "sample_unsigned",
        "sample_columns",
        "sample_positive"
      })
  void answersInJsonWhatTheFrameworkAnswers(String name) throws Exception {
    OnnxFixture model = OnnxFixture.of(name);

    HttpResponse<String> response = running.post(model.path(), OnnxFixture.body(model.inputs()));

    assertEquals(200, response.statusCode(), response.body());
    for (NamedTensor expected : model.outputs()) {
      JsonNode found = Answers.output(Answers.json(response), expected.name());
      assertEquals(expected.type().protocolName(), found.get("datatype").asText());
      assertEquals(shape(expected), found.get("shape").toString());
      assertClose(OnnxFixture.values(expected), values(found.get("data")), expected.name());
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "torch_cnn",
        "torch_tagger",
        "tensorflow_mlp",
        "jax_mlp",
        "sklearn_logistic",
        "sklearn_forest",
        "sample_types",
        "sample_bfloat16",
        "sample_unsigned",
        "sample_columns",
        "sample_positive"
      })
  void answersInBinaryWhatTheFrameworkAnswers(String name) throws Exception {
    OnnxFixture model = OnnxFixture.of(name);

    List<NamedTensor> found = askInBinary(model, model.inputs());

    assertEquals(model.outputs().size(), found.size());
    for (NamedTensor expected : model.outputs()) {
      NamedTensor same =
          found.stream().filter(t -> t.name().equals(expected.name())).findFirst().orElseThrow();
      assertEquals(expected.shape(), same.shape());
      assertClose(OnnxFixture.values(expected), OnnxFixture.values(same), expected.name());
    }
  }

  @Test
  void answersTheSameBitsWhateverElseIsInTheBatch() throws Exception {
    for (String name : List.of("torch_cnn", "tensorflow_mlp", "jax_mlp", "sklearn_logistic")) {
      OnnxFixture model = OnnxFixture.of(name);
      NamedTensor input = model.inputs().getFirst();
      List<NamedTensor> together = askInBinary(model, model.inputs());

      for (int row = 0; row < input.shape().dim(0); row++) {
        List<NamedTensor> alone = askInBinary(model, List.of(rows(input, row, 1)));

        for (int output = 0; output < together.size(); output++) {
          assertArrayEquals(bytes(rows(together.get(output), row, 1)), bytes(alone.get(output)));
        }
      }
    }
  }

  @Test
  void answersRequestsOfSeveralLengthsAtOnceEachWithItsOwn() throws Exception {
    OnnxFixture model = OnnxFixture.of("torch_tagger");
    List<String> bodies = new ArrayList<>();
    for (int length = 1; length <= 8; length++) {
      bodies.add(
          "{\"inputs\":[{\"name\":\"tokens\",\"datatype\":\"INT64\",\"shape\":[1,%d],\"data\":%s}]}"
              .formatted(length, Arrays.toString(new int[length])));
    }
    List<CompletableFuture<HttpResponse<String>>> answers = new ArrayList<>();
    for (int round = 0; round < 10; round++) {
      bodies.forEach(body -> answers.add(running.postAsync(model.path(), body)));
    }

    for (int i = 0; i < answers.size(); i++) {
      JsonNode tags = Answers.output(Answers.json(answers.get(i).join()), "tags");
      assertEquals("[1,%d,4]".formatted(i % 8 + 1), tags.get("shape").toString());
    }
  }

  @Test
  void failsAloneWhatTheModelCannotCompute() throws Exception {
    OnnxFixture model = OnnxFixture.of("torch_tagger");
    String good =
        "{\"inputs\":[{\"name\":\"tokens\",\"datatype\":\"INT64\",\"shape\":[1,2],\"data\":[1,2]}]}";
    String bad = good.replace("[1,2]}]", "[1,99]}]");
    List<CompletableFuture<HttpResponse<String>>> answers = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      answers.add(running.postAsync(model.path(), i % 4 == 0 ? bad : good));
    }

    for (int i = 0; i < 40; i++) {
      HttpResponse<String> response = answers.get(i).join();
      assertEquals(i % 4 == 0 ? 400 : 200, response.statusCode(), response.body());
      if (i % 4 == 0) {
        assertTrue(
            Answers.error(response)
                .startsWith("model \"torch_tagger\" cannot compute these inputs: "),
            response.body());
      }
    }
  }

  @Test
  void tellsInMetadataWhatIsOpenAndWhoComputes() throws Exception {
    JsonNode tagger = Answers.json(running.get("/v2/models/torch_tagger"));
    JsonNode columns = Answers.json(running.get("/v2/models/sample_columns"));

    assertEquals("onnxruntime_onnx", tagger.get("platform").asText());
    assertEquals(
        "[{\"name\":\"tokens\",\"datatype\":\"INT64\",\"shape\":[-1,-1]}]",
        tagger.get("inputs").toString());
    assertEquals("[3,-1]", columns.get("inputs").get(0).get("shape").toString());
  }

  @Test
  void tellsTheFileInTheLineage() throws Exception {
    OnnxFixture model = OnnxFixture.of("jax_mlp");

    HttpResponse<String> response = running.post(model.path(), OnnxFixture.body(model.inputs()));

    JsonNode lineage = Answers.json(response).get("parameters").get("lineage");
    assertEquals("model.onnx", lineage.get("file").asText());
    assertTrue(lineage.get("sha256").asText().matches("[0-9a-f]{64}"), lineage.toString());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "sample_columns;x;[2,5];FP32;expected shape [3, -1], found [2, 5]",
        "sample_columns;x;[3,0];FP32;expected shape [3, -1], found [3, 0]",
        "torch_tagger;tokens;[2147483647,2147483647];INT64;expected shape [-1, -1], found",
        "torch_tagger;tokens;[1000000000,2];INT64;expected 2000000000 elements",
        "torch_tagger;tokens;[1];INT64;expected shape [-1, -1], found [1]",
      })
  void refusesShapesThatDoNotFit(
      String model, String input, String shape, String type, String sentence) throws Exception {
    HttpResponse<String> response =
        running.post(
            "/v2/models/" + model + "/infer",
            "{\"inputs\":[{\"name\":\"%s\",\"shape\":%s,\"datatype\":\"%s\",\"data\":[1]}]}"
                .formatted(input, shape, type));

    assertEquals(400, response.statusCode());
    assertTrue(Answers.error(response).contains(sentence), response.body());
  }

  @Test
  void refusesABodyThatIsTheInputWhereTheLengthDoesNotTellTheShape() throws Exception {
    HttpResponse<byte[]> response =
        running.sendForBytes(
            running
                .request("/v2/models/torch_tagger/infer")
                .header(LENGTH, "0")
                .POST(BodyPublishers.ofByteArray(new byte[16])));

    String error = Answers.json(new String(response.body(), StandardCharsets.UTF_8)).toString();
    assertEquals(400, response.statusCode());
    assertTrue(error.contains("leaves more open than the number of rows"), error);
  }

  private static List<NamedTensor> askInBinary(OnnxFixture model, List<NamedTensor> inputs)
      throws Exception {
    byte[] head = OnnxFixture.binaryHead(inputs).getBytes(StandardCharsets.UTF_8);
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    body.writeBytes(head);
    inputs.forEach(input -> body.writeBytes(bytes(input)));
    HttpResponse<byte[]> response =
        running.sendForBytes(
            running
                .request(model.path())
                .header(LENGTH, String.valueOf(head.length))
                .POST(BodyPublishers.ofByteArray(body.toByteArray())));
    assertEquals(200, response.statusCode(), new String(response.body(), StandardCharsets.UTF_8));
    int at = Integer.parseInt(response.headers().firstValue(LENGTH).orElseThrow());
    JsonNode answer = Answers.json(new String(response.body(), 0, at, StandardCharsets.UTF_8));
    List<NamedTensor> outputs = new ArrayList<>();
    for (JsonNode output : answer.get("outputs")) {
      int bytes = output.get("parameters").get("binary_data_size").asInt();
      NamedTensor expected =
          model.outputs().stream()
              .filter(t -> t.name().equals(output.get("name").asText()))
              .findFirst()
              .orElseThrow();
      assertEquals(expected.type().protocolName(), output.get("datatype").asText());
      int[] dims = new int[output.get("shape").size()];
      Arrays.setAll(dims, i -> output.get("shape").get(i).asInt());
      outputs.add(
          new NamedTensor(
              expected.name(),
              expected.type(),
              Shape.of(dims),
              MemorySegment.ofArray(Arrays.copyOfRange(response.body(), at, at + bytes))));
      at += bytes;
    }
    return outputs;
  }

  private static NamedTensor rows(NamedTensor tensor, int first, int count) {
    long rowBytes = tensor.data().byteSize() / tensor.shape().dim(0);
    return new NamedTensor(
        tensor.name(),
        tensor.type(),
        tensor.shape().withRows(count),
        tensor.data().asSlice(first * rowBytes, count * rowBytes));
  }

  private static byte[] bytes(NamedTensor tensor) {
    return tensor.data().toArray(ValueLayout.JAVA_BYTE);
  }

  private static String shape(NamedTensor tensor) {
    return Arrays.toString(tensor.shape().dims()).replace(" ", "");
  }

  private static List<Object> values(JsonNode data) {
    List<Object> values = new ArrayList<>();
    for (JsonNode value : data) {
      values.add(
          value.isBoolean()
              ? (Object) value.asBoolean()
              : value.isIntegralNumber() ? value.bigIntegerValue() : (Object) value.asDouble());
    }
    return values;
  }

  /**
   * Equal, but for numbers with a fraction, which may be off relative to their size, if above 1.
   */
  private static void assertClose(List<Object> expected, List<Object> found, String what) {
    assertEquals(expected.size(), found.size(), what);
    for (int i = 0; i < expected.size(); i++) {
      if (expected.get(i) instanceof Double number) {
        double scale = Math.max(1, Math.abs(number));
        double other =
            found.get(i) instanceof BigInteger integer
                ? integer.doubleValue()
                : (Double) found.get(i);
        assertEquals(number / scale, other / scale, TOLERANCE, what + " element " + i);
      } else {
        assertEquals(expected.get(i), found.get(i), what + " element " + i);
      }
    }
  }
}
