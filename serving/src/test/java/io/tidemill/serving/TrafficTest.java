package io.tidemill.serving;

import static io.tidemill.serving.Requests.GOOD;
import static io.tidemill.serving.Requests.INFER;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.tidemill.model.Lineage;
import io.tidemill.model.ModelStore;
import io.tidemill.storage.SealedJson;
import java.io.IOException;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TrafficTest {
  private static final PublishedModels SMALL = PublishedModels.small();
  private static final long DEADLINE_NS = 30_000_000_000L;

  private final GatedDevice device = new GatedDevice();
  @TempDir private Path state;
  private RunningServer server;

  @BeforeEach
  void start() {
    ModelStore store = ModelStore.in(state);
    SMALL.publish(store, "small", 1);
    SMALL.publish(store, "small", 2);
    server = new RunningServer(state, ServingConfig.defaults(), device);
  }

  @AfterEach
  void stop() {
    server.close();
  }

  @Test
  void aStableVersionStaysThoughNewerOnesArePublishedAndServersAreStartedAgain() throws Exception {
    set("{\"stable\":1}");
    SMALL.publish(server.store(), "small", 3);
    server.server().registry().refresh();

    assertEquals("1", answering("anyone"));
    assertEquals(
        "3",
        Answers.json(server.post("/v2/models/small/versions/3/infer", GOOD))
            .get("model_version")
            .asText());
    try (RunningServer other = new RunningServer(state, ServingConfig.defaults())) {
      assertEquals("1", Answers.json(other.post(INFER, GOOD)).get("model_version").asText());
    }
    set("{}");
    assertEquals("3", answering("anyone"));
  }

  @Test
  void aCanaryAnswersItsShareAndAUserStaysWithAVersion() throws Exception {
    Map<String, String> first = new HashMap<>();
    set("{\"stable\":1,\"canary\":2,\"percent\":10}");
    for (int user = 0; user < 200; user++) {
      first.put("user-" + user, answering("user-" + user));
    }
    long canaries = first.values().stream().filter("2"::equals).count();
    assertTrue(canaries >= 10 && canaries <= 30, canaries + " of 200");

    set("{\"stable\":1,\"canary\":2,\"percent\":50}");
    Set<String> second = new HashSet<>();
    for (int user = 0; user < 200; user++) {
      if (answering("user-" + user).equals("2")) {
        second.add("user-" + user);
      }
    }
    assertTrue(second.size() >= 75 && second.size() <= 125, second.size() + " of 200");
    first.forEach(
        (user, version) -> assertTrue(version.equals("1") || second.contains(user), user));
  }

  @Test
  void aCanaryIsPromotedAfterItsTrial() throws Exception {
    set("{\"stable\":1,\"canary\":2,\"percent\":100,\"trial\":5}");
    for (int i = 0; i < 5; i++) {
      assertEquals("2", answering("user-" + i));
    }

    JsonNode traffic = awaitStable(2);

    assertEquals(0, traffic.get("canary").asInt());
    assertEquals(
        "version 2 promoted: 0 of 5 requests failed", traffic.get("decisions").get(0).asText());
    try (RunningServer other = new RunningServer(state, ServingConfig.defaults())) {
      assertEquals(
          2, other.server().registry().trial("small").traffic().stable(), "outlives the server");
    }
  }

  @Test
  void aCanaryThatFailsTooOftenIsTakenBackAtOnce() throws Exception {
    set("{\"stable\":1,\"canary\":2,\"percent\":100,\"trial\":100,\"mostErrors\":0.01}");
    assertEquals("2", answering("anyone"));
    device.failRunsAfter(0, 2);
    assertEquals(500, server.post(INFER, GOOD).statusCode());
    assertEquals(500, server.post(INFER, GOOD).statusCode());

    JsonNode traffic = awaitDecision();

    assertEquals(1, traffic.get("stable").asInt());
    assertEquals(
        "version 2 taken back: 2 of 3 requests failed", traffic.get("decisions").get(0).asText());
    assertEquals("1", answering("anyone"));
  }

  @Test
  void aCanaryIsPromotedOrTakenBackWhenSomebodyAsks() throws Exception {
    set("{\"stable\":1,\"canary\":2,\"percent\":0}");
    assertEquals(200, server.post("/api/models/small/rollback", "").statusCode());
    assertEquals("1", answering("anyone"));

    HttpResponse<String> again = server.post("/api/models/small/promote", "");
    assertEquals(400, again.statusCode());
    assertEquals("traffic canary: expected one that is on trial, found none", Answers.error(again));

    set("{\"stable\":1,\"canary\":2,\"percent\":0}");
    assertEquals(200, server.post("/api/models/small/promote", "").statusCode());
    assertEquals("2", answering("anyone"));
  }

  @Test
  void aShadowIsAskedAsWellAndItsAnswersAreComparedOnly() throws Exception {
    SMALL.publish(server.store(), "small", 1, 3); // version 3 has the weights of version 1
    server.server().registry().refresh();
    set("{\"stable\":1,\"shadow\":3}");
    for (int i = 0; i < 4; i++) {
      assertEquals("1", answering("anyone"));
    }
    JsonNode same = awaitCompared(4);
    assertEquals(4, same.get("shadowAgreed").asInt());

    set("{\"stable\":1,\"shadow\":2}");
    for (int i = 0; i < 3; i++) {
      assertEquals("1", answering("anyone"));
    }
    assertEquals(0, awaitCompared(3).get("shadowAgreed").asInt());
  }

  @Test
  void aCanaryIsPromotedOnlyWhereItsAnswersAgreeWithThoseOfTheStableVersion() throws Exception {
    SMALL.publish(server.store(), "small", 1, 3); // version 3 has the weights of version 1
    server.server().registry().refresh();
    set("{\"stable\":1,\"canary\":3,\"shadow\":3,\"percent\":0,\"trial\":4,\"leastAgreement\":1}");
    for (int i = 0; i < 4; i++) {
      assertEquals("1", answering("user-" + i));
    }
    JsonNode promoted = awaitStable(3);
    assertEquals(0, promoted.get("shadow").asInt());
    assertEquals(
        "version 3 promoted: 0 of 0 requests failed, 4 of 4 answers agreed",
        promoted.get("decisions").get(0).asText());

    set(
        "{\"stable\":1,\"canary\":2,\"shadow\":2,\"percent\":0,\"trial\":100,"
            + "\"leastAgreement\":0.99}");
    for (int i = 0; i < 2; i++) {
      assertEquals("1", answering("user-" + i));
    }
    JsonNode takenBack = awaitDecision(2);
    assertEquals(1, takenBack.get("stable").asInt());
    assertEquals(
        "version 2 taken back: 0 of 0 requests failed, 0 of 2 answers agreed",
        takenBack.get("decisions").get(1).asText());
  }

  @Test
  void aCanaryThatIsTooSlowIsTakenBack() throws Exception {
    set("{\"stable\":1,\"canary\":2,\"percent\":100,\"trial\":1,\"mostDelayMs\":0.000001}");
    assertEquals("2", answering("anyone"));

    JsonNode traffic = awaitDecision();

    assertEquals(1, traffic.get("stable").asInt());
    String decision = traffic.get("decisions").get(0).asText();
    assertTrue(
        decision.matches("version 2 taken back: 0 of 1 requests failed, [0-9.]+ ms each"),
        decision);
  }

  @Test
  void severalVersionsAnswerInProportionToTheirWeightsAndAUserStaysWithOne() throws Exception {
    SMALL.publish(server.store(), "small", 3);
    set("{\"weights\":{\"1\":1,\"2\":1,\"3\":2}}");
    Map<String, Integer> answers = new HashMap<>();
    for (int user = 0; user < 200; user++) {
      String version = answering("user-" + user);
      assertEquals(version, answering("user-" + user));
      answers.merge(version, 1, Integer::sum);
    }

    assertEquals(Set.of("1", "2", "3"), answers.keySet());
    assertTrue(answers.get("3") > 75 && answers.get("3") < 125, answers.toString());
    assertTrue(answers.get("1") > 30 && answers.get("1") < 70, answers.toString());
    Lineage run = server.store().latest("small").description().lineage();
    assertEquals(
        List.of(), server.store().prune(run, "small", 1, _ -> false), "what is named stays");
  }

  @Test
  void readsTheTrafficOfTheReleaseBefore() throws Exception {
    SealedJson.of(First.class, 1, 0)
        .write(
            state.resolve("models/small/traffic.json"),
            new First(1, 0, 0, 0, 0.01, 0, 1e-4, Map.of("old", 1), List.of()));

    server.server().registry().refresh();

    assertEquals("1", answering("anyone"));
    assertEquals(Map.of("old", 1), server.server().registry().trial("small").traffic().labels());
  }

  /** Traffic as version 1.0 of its file has it. */
  private record First(
      int stable,
      int canary,
      int percent,
      long trial,
      double mostErrors,
      int shadow,
      double tolerance,
      Map<String, Integer> labels,
      List<String> decisions) {}

  @Test
  void aLabelIsAnotherNameOfAVersion() throws Exception {
    set("{\"labels\":{\"old\":1}}");

    String labelled = "/v2/models/small/versions/old/infer";
    assertEquals("1", Answers.json(server.post(labelled, GOOD)).get("model_version").asText());
    String predict = "{\"instances\":[[1,2,3,4]]}";
    assertEquals(200, server.post("/v1/models/small/labels/old:predict", predict).statusCode());
    assertEquals(404, server.post("/v1/models/small/labels/none:predict", predict).statusCode());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{\"stable\":9}|404|there is no version 9 of model small; there is [1, 2]",
        "{\"stable\":-1}|400|traffic stable: expected a version, or 0 for the latest, found -1",
        "{\"canary\":2}|400|traffic stable: expected a version beside a canary, found 0",
        "{\"stable\":2,\"canary\":2}|400|traffic canary: expected another version than stable,"
            + " found 2",
        "{\"stable\":1,\"canary\":2,\"percent\":101}|400|traffic percent: expected 0 to 100,"
            + " found 101",
        "{\"stable\":\"1\"}|400|traffic stable: expected an integer, found 1",
        "{\"weight\":1}|400|traffic weight: expected one of [canary, labels, leastAgreement,"
            + " mostDelayMs, mostErrors, percent, shadow, stable, tolerance, trial, weights], found"
            + " weight",
        "{\"weights\":{\"2\":0}}|400|traffic weights: expected a share of 1 to 10000 by version,"
            + " found 2: 0",
        "{\"weights\":{\"two\":1}}|400|traffic weights: expected an object of shares by version,"
            + " found two",
        "{\"weights\":{\"9\":1}}|404|there is no version 9 of model small; there is [1, 2]",
        "{\"stable\":1,\"canary\":2,\"weights\":{\"1\":1}}|400|traffic weights: expected no canary"
            + " beside them, found canary 2",
        "{\"stable\":1,\"canary\":2,\"leastAgreement\":0.9}|400|traffic leastAgreement: expected"
            + " the canary as the shadow, too, so that its answers are compared, found shadow 0",
        "{\"mostDelayMs\":-1}|400|traffic mostDelayMs: expected milliseconds, or 0 for any, found"
            + " -1.0",
        "{\"labels\":[]}|400|traffic labels: expected an object of versions by label, found []",
      })
  void refusesTrafficThatCannotBeAndKeepsWhatIs(String body, int status, String sentence)
      throws Exception {
    HttpResponse<String> refused = put(body);

    assertEquals(sentence, Answers.error(refused));
    assertEquals(status, refused.statusCode());
    assertEquals("2", answering("anyone"));
  }

  private String answering(String user) throws IOException, InterruptedException {
    HttpResponse<String> answer =
        server.send(
            server
                .request(INFER)
                .header("X-Sticky-Key", user)
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofString(GOOD)));
    return Answers.json(answer).get("model_version").asText();
  }

  private void set(String traffic) throws IOException, InterruptedException {
    HttpResponse<String> answer = put(traffic);
    assertEquals(200, answer.statusCode(), answer.body());
  }

  private HttpResponse<String> put(String body) throws IOException, InterruptedException {
    return server.send(
        server.request("/api/models/small/traffic").PUT(BodyPublishers.ofString(body)));
  }

  private JsonNode awaitStable(int version) throws IOException, InterruptedException {
    JsonNode traffic = awaitDecision();
    assertEquals(version, traffic.get("stable").asInt());
    return traffic;
  }

  private JsonNode awaitDecision() throws IOException, InterruptedException {
    return awaitDecision(1);
  }

  private JsonNode awaitDecision(int count) throws IOException, InterruptedException {
    JsonNode model = model();
    for (long startedNs = System.nanoTime();
        model.get("traffic").get("decisions").size() < count; ) {
      assertTrue(System.nanoTime() - startedNs < DEADLINE_NS, "no decision: " + model);
      model = model();
    }
    return model.get("traffic");
  }

  private JsonNode awaitCompared(int count) throws IOException, InterruptedException {
    JsonNode shown = model().get("shown");
    for (long startedNs = System.nanoTime(); shown.get("shadowCompared").asInt() < count; ) {
      assertTrue(System.nanoTime() - startedNs < DEADLINE_NS, "not compared: " + shown);
      shown = model().get("shown");
    }
    return shown;
  }

  private JsonNode model() throws IOException, InterruptedException {
    return Answers.json(server.get("/api/models")).get("models").get(0);
  }
}
