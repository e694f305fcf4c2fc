package io.tidemill.serving;

import static io.tidemill.serving.Requests.GOOD;
import static io.tidemill.serving.Requests.INFER;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.tidemill.model.ModelStore;
import io.tidemill.serving.access.AccessTokens;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AccessTest {
  @TempDir private static Path state;
  private static RunningServer running;

  @BeforeAll
  static void start() {
    PublishedModels.small().publish(ModelStore.in(state), "small", 1);
    running =
        server(Map.of("TIDEMILL_TOKEN", "root-secret", "TIDEMILL_INFER_TOKEN", "guest-secret"));
  }

  @AfterAll
  static void stop() {
    running.close();
  }

  private static RunningServer server(Map<String, String> environment) {
    AccessTokens tokens = AccessTokens.of(environment);
    return new RunningServer(state, ServingConfig.defaults().with(change -> change.tokens(tokens)));
  }

  @ParameterizedTest
  @CsvSource({
    "POST, /v2/repository/index",
    "POST, /v2/repository/models/small/load",
    "POST, /v2/repository/models/small/unload",
    "GET, /api/models",
    "PUT, /api/models/small/traffic",
    "POST, /api/models/small/promote",
    "POST, /api/models/small/rollback",
  })
  void whatChangesWhatIsServedWantsTheAdminsToken(String method, String path) throws Exception {
    HttpResponse<String> nobody = send(method, path, "");
    HttpResponse<String> guest = send(method, path, "Bearer guest-secret");
    HttpResponse<String> wrong = send(method, path, "Bearer root-secreT");

    assertEquals(401, nobody.statusCode());
    assertEquals("Bearer", nobody.headers().firstValue("WWW-Authenticate").orElse("none"));
    assertEquals(
        "a token is needed: send Authorization: Bearer TOKEN, the server's TIDEMILL_TOKEN",
        Answers.error(nobody));
    assertEquals(401, guest.statusCode());
    assertEquals(401, wrong.statusCode());
    assertEquals(200, running.send(good("guest-secret")).statusCode(), "nothing was changed");
  }

  @Test
  void theAdminsTokenOpensWhatOthersMayNot() throws Exception {
    assertEquals(200, send("GET", "/api/models", "Bearer root-secret").statusCode());
    assertEquals(
        200, send("POST", "/v2/repository/models/small/load", "Bearer root-secret").statusCode());
    assertEquals(200, running.send(good("root-secret")).statusCode());
  }

  @Test
  void askingAModelWantsATokenWhereOneIsSetForThat() throws Exception {
    HttpResponse<String> nobody = running.post(INFER, GOOD);

    assertEquals(401, nobody.statusCode());
    assertEquals(
        "a token is needed: send Authorization: Bearer TOKEN, the server's TIDEMILL_INFER_TOKEN or"
            + " TIDEMILL_TOKEN",
        Answers.error(nobody));
    assertEquals(401, running.get("/v2/models/small").statusCode());
    assertEquals(401, running.post("/pipelines/a/b", "{}").statusCode());
    assertEquals(200, running.send(good("guest-secret")).statusCode());
  }

  @ParameterizedTest
  @ValueSource(strings = {"/alive", "/ready", "/v2/health/live", "/v2/health/ready", "/v2", "/"})
  void probesWantNoToken(String path) throws Exception {
    assertEquals(200, running.get(path).statusCode());
  }

  @Test
  void theAdminsTokenAloneLeavesAskingOpen() throws Exception {
    try (RunningServer half = server(Map.of("TIDEMILL_TOKEN", "root-secret"))) {
      assertEquals(200, half.post(INFER, GOOD).statusCode());
      assertEquals(401, half.post("/v2/repository/models/small/unload", "").statusCode());
      assertEquals(200, half.post(INFER, GOOD).statusCode());
    }
  }

  private static HttpRequest.Builder good(String token) {
    return running
        .request(INFER)
        .header("Content-Type", "application/json")
        .header("Authorization", "Bearer " + token)
        .POST(BodyPublishers.ofString(GOOD));
  }

  private static HttpResponse<String> send(String method, String path, String authorization)
      throws Exception {
    HttpRequest.Builder request = running.request(path).method(method, BodyPublishers.noBody());
    return running.send(
        authorization.isEmpty() ? request : request.header("Authorization", authorization));
  }
}
