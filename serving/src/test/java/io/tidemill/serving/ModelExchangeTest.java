package io.tidemill.serving;

import static io.tidemill.serving.Requests.GOOD;
import static io.tidemill.serving.Requests.INFER;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.tidemill.model.ModelStore;
import io.tidemill.serving.registry.Refresh;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelExchangeTest {
  private static final PublishedModels SMALL = PublishedModels.small();

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
        JsonNode answer = Answers.json(response);
        long seed = answer.get("model_version").asLong();
        assertArrayEquals(
            SMALL.probabilities(swapping.device(), seed, row),
            Answers.floats(answer, "probabilities"));
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
    ServingConfig config = ServingConfig.defaults().with(change -> change.loadedVersions(1));
    try (RunningServer server = new RunningServer(other, config)) {
      server.server().registry().load("small", 2);

      assertEquals(List.of("2", "4"), server.server().registry().versions("small"));
      JsonNode answer = Answers.json(server.post(INFER, GOOD).body());
      assertEquals("4", answer.get("model_version").asText());
      assertEquals(200, server.post("/v2/models/small/versions/2/infer", GOOD).statusCode());
    }
  }

  @Test
  void forgetsAModelThatWasDeletedFromTheStoreAtTheNextRefresh(@TempDir Path other)
      throws Exception {
    SMALL.publish(ModelStore.in(other), "small", 1);
    SMALL.publish(ModelStore.in(other), "kept", 1);
    try (RunningServer server = new RunningServer(other, ServingConfig.defaults())) {
      deleteRecursively(other.resolve("models/small"));

      server.server().registry().refresh();

      HttpResponse<String> response = server.post(INFER, GOOD);
      assertEquals(404, response.statusCode());
      assertEquals(
          "unknown model: expected one of the loaded [kept], found \"small\"",
          Answers.error(response));
      assertEquals(200, server.post("/v2/models/kept/infer", GOOD).statusCode());
    }
  }

  private static void deleteRecursively(Path folder) throws IOException {
    try (Stream<Path> paths = Files.walk(folder)) {
      for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    }
  }
}
