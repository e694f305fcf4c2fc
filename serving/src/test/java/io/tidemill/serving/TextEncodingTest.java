package io.tidemill.serving;

import static io.tidemill.serving.Requests.GOOD;
import static io.tidemill.serving.Requests.INFER;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemill.model.ModelStore;
import java.io.ByteArrayOutputStream;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HexFormat;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Bodies in other encodings than UTF-8, which is the only one of JSON between systems. */
class TextEncodingTest {
  private static final String PREDICT = "/v1/models/small:predict";

  @TempDir private static Path state;
  private static RunningServer running;

  @BeforeAll
  static void start() {
    PublishedModels.small().publish(ModelStore.in(state), "small", 1);
    running = new RunningServer(state, ServingConfig.defaults());
  }

  @AfterAll
  static void stop() {
    running.close();
  }

  @ParameterizedTest
  @ValueSource(strings = {"UTF-16", "UTF-16LE", "UTF-16BE", "UTF-32LE", "UTF-32BE"})
  void refusesAGoodRequestInAnotherEncoding(String encoding) throws Exception {
    HttpResponse<String> response = post(INFER, GOOD.getBytes(Charset.forName(encoding)));

    assertEquals(400, response.statusCode(), response.body());
    String error = Answers.error(response);
    assertTrue(error.startsWith("expected the JSON to be UTF-8, found the byte 0x"), error);
  }

  /** UTF-32 that is none; a lone byte; an overlong slash; half a surrogate pair; a cut one. */
  @ParameterizedTest
  @ValueSource(strings = {"00004100", "ff", "c0af", "eda080", "e282", "f8808080"})
  void refusesBytesThatAreNotUtf8(String hex) throws Exception {
    byte[] bytes = HexFormat.of().parseHex(hex);
    byte[] inAName = in("{\"unknown\":\"", bytes, "\"," + GOOD.substring(1));
    for (String path : new String[] {INFER, PREDICT}) {
      assertEquals(400, post(path, bytes).statusCode(), path);
      HttpResponse<String> response = post(path, inAName);
      assertEquals(400, response.statusCode(), response.body());
    }
  }

  @Test
  void answersAnIdOfAnyCharacters() throws Exception {
    String id = "grüße-世界-\uD83D\uDE00";
    String body = GOOD.replace("\"id\":\"7\"", "\"id\":\"" + id + "\"");

    HttpResponse<String> response = post(INFER, body.getBytes(StandardCharsets.UTF_8));

    assertEquals(200, response.statusCode(), response.body());
    assertEquals(id, Answers.json(response).get("id").asText());
  }

  private static byte[] in(String before, byte[] bytes, String after) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    all.writeBytes(before.getBytes(StandardCharsets.UTF_8));
    all.writeBytes(bytes);
    all.writeBytes(after.getBytes(StandardCharsets.UTF_8));
    return all.toByteArray();
  }

  private static HttpResponse<String> post(String path, byte[] body) throws Exception {
    return running.send(
        running
            .request(path)
            .header("Content-Type", "application/json")
            .POST(BodyPublishers.ofByteArray(body)));
  }
}
