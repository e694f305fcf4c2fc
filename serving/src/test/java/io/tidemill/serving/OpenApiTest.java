package io.tidemill.serving;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.tidemill.model.ModelStore;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OpenApiTest {
  private static final long SEED = 20_26;
  private static final int ROUNDS = 40;

  @TempDir private static Path state;
  private static RunningServer running;
  private static JsonNode document;

  /** An operation as the document has it. */
  private record Listed(String method, String path, JsonNode description) {
    Set<String> statuses() {
      Set<String> statuses = new TreeSet<>();
      description.get("responses").fieldNames().forEachRemaining(statuses::add);
      return statuses;
    }
  }

  @BeforeAll
  static void start() throws Exception {
    PublishedModels.small().publish(ModelStore.in(state), "small", 1);
    PublishedModels.small().publish(ModelStore.in(state), "fleeting", 2);
    running = new RunningServer(state, ServingConfig.defaults());
    document = Answers.json(running.get("/openapi.json"));
  }

  @AfterAll
  static void stop() {
    running.close();
  }

  @Test
  void hasEveryRouteAndNoOther() throws Exception {
    Set<String> listed = new TreeSet<>();
    operations().forEach(one -> listed.add(one.method() + " " + one.path()));

    assertEquals(new TreeSet<>(running.server().routes()), listed);
    assertTrue(listed.contains("POST /v2/models/{model}/infer"), listed.toString());
    assertTrue(listed.contains("GET /openapi.json"), listed.toString());
  }

  @Test
  void describesEveryRouteOfTheServerByItsName() {

    for (Listed one : operations()) {
      assertTrue(one.description().has("summary"), one.method() + " " + one.path());
    }
  }

  @Test
  void givesEachOperationAnIdOfItsOwnAndEachReferenceASchema() {
    List<String> ids = new ArrayList<>();
    operations().forEach(one -> ids.add(one.description().get("operationId").asText()));

    assertEquals(ids.size(), Set.copyOf(ids).size(), ids.toString());
    for (JsonNode reference : document.findValues("$ref")) {
      String pointer = reference.asText().substring(1);
      assertTrue(document.at(pointer).isObject(), reference.asText());
    }
  }

  /** A failure names the seed and the round, and is there again at each run. */
  @Test
  void answersWhateverTheDocumentAllowsWithAStatusThatItLists() throws Exception {
    Random random = new Random(SEED);
    for (int round = 0; round < ROUNDS; round++) {
      for (Listed one : operations()) {
        DocumentRequests requests = new DocumentRequests(document, random);
        String path = requests.path(one.path());
        String body = requests.body(one.description());
        HttpRequest.Builder request = running.request(path);
        request.method(
            one.method(),
            body.isEmpty()
                ? HttpRequest.BodyPublishers.noBody()
                : HttpRequest.BodyPublishers.ofString(body));
        if (!body.isEmpty()) {
          request.header("Content-Type", "application/json");
        }

        HttpResponse<String> response = running.send(request);

        String what =
            "seed=%d round=%d %s %s body=%s answer=%s"
                .formatted(SEED, round, one.method(), path, body, response.body());
        assertNotEquals(500, response.statusCode(), what);
        assertTrue(one.statuses().contains(String.valueOf(response.statusCode())), what);
      }
    }
  }

  private static List<Listed> operations() {
    List<Listed> operations = new ArrayList<>();
    for (Map.Entry<String, JsonNode> path : document.get("paths").properties()) {
      for (Map.Entry<String, JsonNode> method : path.getValue().properties()) {
        operations.add(
            new Listed(method.getKey().toUpperCase(Locale.ROOT), path.getKey(), method.getValue()));
      }
    }
    return operations;
  }
}
