package io.tidemill.serving;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.tidemill.error.EngineException;
import io.tidemill.model.ModelStore;
import io.tidemill.serving.registry.Refresh;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OnnxRepositoryTest {
  private static final OnnxFixture JAX = OnnxFixture.of("jax_mlp");

  @TempDir private Path state;

  @Test
  void servesModelsOfOursAndOnnxModelsSideBySide() throws Exception {
    PublishedModels.small().publish(ModelStore.in(state), "small", 1);
    OnnxFixture.install(state, "jax_mlp");

    try (RunningServer running = new RunningServer(state, ServingConfig.defaults())) {
      HttpResponse<String> ours = running.post(Requests.INFER, Requests.GOOD);
      HttpResponse<String> onnx = running.post(JAX.path(), OnnxFixture.body(JAX.inputs()));

      assertEquals(200, ours.statusCode());
      assertEquals(200, onnx.statusCode());
      assertEquals(
          "tidemill", Answers.json(running.get("/v2/models/small")).get("platform").asText());
    }
  }

  @Test
  void saysInOneSentenceWhatCannotBeLoadedAndServesTheOthers() throws Exception {
    OnnxFixture.install(state, "jax_mlp");
    for (String broken :
        List.of(
            "sample_unknown_operator", "sample_external", "sample_text", "sample_unsigned_input")) {
      OnnxFixture.install(state, broken);
    }
    Path notOnnx = OnnxFixture.modelFolder(state, "text").resolve("1");
    Files.createDirectories(notOnnx);
    Files.writeString(notOnnx.resolve("model.onnx"), "this is no model\n");
    Path empty = OnnxFixture.modelFolder(state, "empty").resolve("1");
    Files.createDirectories(empty);

    try (RunningServer running = new RunningServer(state, ServingConfig.defaults())) {
      Refresh refresh = running.server().firstRefresh();

      assertEquals(List.of(new Refresh.Loaded("jax_mlp", 1)), refresh.loaded());
      assertEquals(6, refresh.failures().size());
      assertTold(refresh, "sample_unknown_operator", "Frobnicate");
      assertTold(refresh, "sample_external", "weights.bin");
      assertTold(refresh, "sample_text", "input \"x\": expected a tensor of a type");
      assertTold(refresh, "sample_unsigned_input", "found UINT32");
      assertTold(refresh, "text", "cannot be served: ");
      assertTold(refresh, "empty", "there is no ");
      assertEquals(200, running.post(JAX.path(), OnnxFixture.body(JAX.inputs())).statusCode());
    }
  }

  @Test
  void picksUpANewVersionAndDropsOneThatIsGone() throws Exception {
    OnnxFixture.install(state, "jax_mlp", "m", 1);
    try (RunningServer running = new RunningServer(state, ServingConfig.defaults())) {
      OnnxFixture.install(state, "tensorflow_mlp", "m", 2);

      Refresh refresh = running.server().registry().refresh();

      assertEquals(List.of(new Refresh.Loaded("m", 2)), refresh.loaded());
      assertEquals("features", inputName(running, "/v2/models/m"));
      assertEquals("x", inputName(running, "/v2/models/m/versions/1"));

      deleteVersion("m", 2);
      running.server().registry().refresh();

      assertEquals("x", inputName(running, "/v2/models/m"));
      assertEquals(404, running.get("/v2/models/m/versions/2").statusCode());
    }
  }

  @Test
  void doesWhatTheConfigurationSays() throws Exception {
    OnnxFixture.install(state, "torch_tagger");
    Files.writeString(
        OnnxFixture.modelFolder(state, "torch_tagger").resolve("config.pbtxt"),
        """
        name: "torch_tagger"
        backend: "onnxruntime"
        max_batch_size: 2
        input [ { name: "tokens" data_type: TYPE_INT64 dims: [ 7 ] } ]
        """);
    OnnxFixture model = OnnxFixture.of("torch_tagger");

    try (RunningServer running = new RunningServer(state, ServingConfig.defaults())) {
      JsonNode metadata = Answers.json(running.get("/v2/models/torch_tagger"));
      HttpResponse<String> three = running.post(model.path(), OnnxFixture.body(model.inputs()));

      assertEquals("[-1,7]", metadata.get("inputs").get(0).get("shape").toString());
      assertEquals("[3,7,4]", Answers.output(Answers.json(three), "tags").get("shape").toString());
      String metrics = running.get("/metrics").body();
      assertTrue(
          metrics.contains("nv_inference_exec_count{model=\"torch_tagger\",version=\"1\"} 2.0"),
          metrics);
    }
  }

  @Test
  void saysWhichFieldOfTheConfigurationTheModelContradicts() throws Exception {
    OnnxFixture.install(state, "jax_mlp");
    Files.writeString(
        OnnxFixture.modelFolder(state, "jax_mlp").resolve("config.pbtxt"),
        "input { name: \"features\" data_type: TYPE_FP32 dims: [ 12 ] }");

    try (RunningServer running = new RunningServer(state, ServingConfig.defaults())) {
      assertTold(
          running.server().firstRefresh(),
          "jax_mlp",
          "cannot be served: config.pbtxt input name: expected one of [x], found features");
    }
  }

  @Test
  void servesAFileByItselfUnderItsName() throws Exception {
    try (RunningServer running =
        new RunningServer(ModelStore.at(OnnxFixture.file("jax_mlp")), ServingConfig.defaults())) {
      HttpResponse<String> response = running.post(JAX.path(), OnnxFixture.body(JAX.inputs()));

      assertEquals(200, response.statusCode(), response.body());
      assertEquals("1", Answers.json(response).get("model_version").asText());
      assertEquals("jax_mlp.onnx", Answers.json(response).at("/parameters/lineage/file").asText());
    }
  }

  @Test
  void refusesOutputsWithOtherRowsThanTheInputsWhereTheConfigurationSaysRows() throws Exception {
    OnnxFixture.install(state, "sample_positive");
    Files.writeString(
        OnnxFixture.modelFolder(state, "sample_positive").resolve("config.pbtxt"),
        "max_batch_size: 8");
    OnnxFixture model = OnnxFixture.of("sample_positive");

    try (RunningServer running = new RunningServer(state, ServingConfig.defaults())) {
      HttpResponse<String> response = running.post(model.path(), OnnxFixture.body(model.inputs()));

      assertEquals(400, response.statusCode());
      assertEquals(
          "output \"y\" of model \"sample_positive\": expected 5 rows as the inputs have, found the"
              + " shape [3]; where the first dimension counts something else, say max_batch_size: 0"
              + " in config.pbtxt",
          Answers.error(response));
    }
  }

  private static String inputName(RunningServer running, String path) throws Exception {
    return Answers.json(running.get(path)).get("inputs").get(0).get("name").asText();
  }

  private static void assertTold(Refresh refresh, String model, String sentence) {
    String told =
        refresh.failures().stream()
            .map(EngineException::getMessage)
            .filter(message -> message.contains("/models/" + model + "/"))
            .findFirst()
            .orElseThrow(() -> new AssertionError(refresh.failures().toString()));
    assertTrue(told.contains(sentence) && !told.contains("\n"), told);
  }

  private void deleteVersion(String model, int version) throws IOException {
    Path folder = OnnxFixture.modelFolder(state, model).resolve(String.valueOf(version));
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
    }
    Files.delete(folder);
  }
}
