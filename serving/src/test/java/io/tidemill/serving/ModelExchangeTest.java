package io.tidemill.serving;

import static io.tidemill.serving.Requests.GOOD;
import static io.tidemill.serving.Requests.INFER;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.tidemill.model.Lineage;
import io.tidemill.model.ModelStore;
import io.tidemill.serving.registry.Refresh;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
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
  void tellsOfABrokenVersionOnceAndLeavesItAloneUntilSomebodyAsks(@TempDir Path other)
      throws Exception {
    SMALL.publish(ModelStore.in(other), "small", 1);
    try (RunningServer server = new RunningServer(other, ServingConfig.defaults())) {
      SMALL.publish(server.store(), "small", 2);
      Path weights = other.resolve("models/small/2/weights.safetensors");
      byte[] bytes = Files.readAllBytes(weights);
      Files.delete(weights);

      assertEquals(1, server.server().registry().refresh().failures().size());
      Files.write(weights, bytes);
      for (int i = 0; i < 3; i++) {
        assertEquals(new Refresh(List.of(), List.of()), server.server().registry().refresh());
      }
      assertEquals(200, server.post("/v2/repository/models/small/load", "{}").statusCode());

      JsonNode answer = Answers.json(server.post(INFER, GOOD));
      assertEquals("2", answer.get("model_version").asText());
    }
  }

  @Test
  void saysOfAModelThatIsOnlyStoredThatItIsNotReady(@TempDir Path other) throws Exception {
    IntStream.rangeClosed(1, 3).forEach(seed -> SMALL.publish(ModelStore.in(other), "small", seed));
    try (RunningServer server = new RunningServer(other, ServingConfig.defaults())) {
      HttpResponse<String> old = server.get("/v2/models/small/versions/1/ready");
      assertEquals(503, old.statusCode());
      assertEquals("{\"name\":\"small\",\"ready\":false}", old.body());
      assertEquals(200, server.get("/v2/models/small/versions/3/ready").statusCode());
      assertEquals(404, server.get("/v2/models/small/versions/4/ready").statusCode());
      assertEquals(404, server.get("/v2/models/other/ready").statusCode());

      server.post("/v2/repository/models/small/unload", "{}");

      assertEquals(503, server.get("/v2/models/small/ready").statusCode());
      assertEquals(503, server.get("/v1/models/small").statusCode());
      JsonNode model = Answers.json(server.get("/api/models")).get("models").get(0);
      assertEquals("small", model.get("name").asText());
      assertEquals(3, model.get("versions").size());
      assertEquals(
          "{\"version\":3,\"loaded\":false,\"reason\":\"unloaded\"}",
          model.get("versions").get(2).toString());
    }
  }

  @Test
  void losesNoRequestAndNoMemoryThroughTwoHundredExchangesUnderLoad(@TempDir Path other)
      throws Exception {
    SMALL.publish(ModelStore.in(other), "small", 1);
    GatedDevice device = new GatedDevice();
    try (RunningServer server = new RunningServer(other, ServingConfig.defaults(), device)) {
      exchange(server, 2, 3); // as many versions are loaded as ever stay
      int executions = device.openExecutions();
      long buffers = device.openBuffers();
      AtomicBoolean isOver = new AtomicBoolean();
      List<CompletableFuture<List<Integer>>> clients = new ArrayList<>();
      for (int client = 0; client < 2; client++) {
        clients.add(CompletableFuture.supplyAsync(() -> askUntil(server, isOver)));
      }

      exchange(server, 4, 203);
      isOver.set(true);

      for (CompletableFuture<List<Integer>> client : clients) {
        List<Integer> answered = client.join();
        assertTrue(answered.size() > 1, "versions that answered: " + answered);
        assertEquals(answered.stream().sorted().toList(), answered);
      }
      assertEquals(List.of("202", "203"), server.server().registry().versions("small"));
      assertEquals(executions, device.openExecutions());
      assertEquals(buffers, device.openBuffers());
    }
  }

  /** Publishes those versions, has each exchanged in at once, and deletes old ones. */
  private static void exchange(RunningServer server, int from, int to) {
    for (int version = from; version <= to; version++) {
      SMALL.publish(server.store(), "small", version);
      Refresh refresh = server.server().registry().refresh();
      assertEquals(List.of(new Refresh.Loaded("small", version)), refresh.loaded());
      Lineage run = server.store().latest("small").description().lineage();
      server.store().prune(run, "small", 2, _ -> false);
    }
  }

  /** The versions that answer, one request after the other; each has to be answered. */
  private static List<Integer> askUntil(RunningServer server, AtomicBoolean isOver) {
    SortedSet<Integer> versions = new TreeSet<>();
    List<Integer> inOrder = new ArrayList<>();
    try {
      while (!isOver.get()) {
        HttpResponse<String> answer = server.post(INFER, GOOD);
        assertEquals(200, answer.statusCode(), answer.body());
        int version = Answers.json(answer).get("model_version").asInt();
        if (versions.add(version)) {
          inOrder.add(version);
        }
      }
      return inOrder;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void warmsAVersionWithTheLastRealRequestsBeforeItAnswersAndCountsNoneOfThem(@TempDir Path other)
      throws Exception {
    SMALL.publish(ModelStore.in(other), "small", 1);
    GatedDevice device = new GatedDevice();
    try (RunningServer server = new RunningServer(other, ServingConfig.defaults(), device)) {
      for (String first : List.of("7.5", "8.5")) {
        String body = GOOD.replaceFirst("(\"data\": *\\[)[^,]*", "$1" + first);
        assertEquals(200, server.post(INFER, body).statusCode());
      }
      List<Float> asked = device.firstInputs();
      SMALL.publish(server.store(), "small", 2);

      server.server().registry().refresh();

      List<Float> runs = device.firstInputs();
      List<Float> ofLoading = runs.subList(asked.size(), runs.size());
      assertTrue(ofLoading.containsAll(List.of(7.5f, 8.5f)), ofLoading.toString());
      JsonNode stats = Answers.json(server.get("/v2/models/small/versions/2/stats"));
      assertEquals(0, stats.get("model_stats").get(0).get("execution_count").asInt());
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
