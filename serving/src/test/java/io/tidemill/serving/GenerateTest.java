package io.tidemill.serving;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.tidemill.model.ModelStore;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GenerateTest {
  private static final String GENERATE = "/v2/models/writer/generate";
  private static final String STREAM = GENERATE + "_stream";
  private static final String TOKENS = "abcde\n";
  private static final int LENGTH = 8;

  @TempDir private static Path state;
  private static RunningServer running;

  @BeforeAll
  static void start() {
    PublishedModels.text().publish(ModelStore.in(state), "writer", 4);
    PublishedModels.small().publish(ModelStore.in(state), "small", 1);
    running = new RunningServer(state, ServingConfig.defaults());
  }

  @AfterAll
  static void stop() {
    running.close();
  }

  @Test
  void writesWhatTheModelSaysIsLikeliestStepByStep() throws Exception {
    JsonNode answer = generate("abc", "\"temperature\":0,\"max_tokens\":20");

    assertEquals(likeliest("abc", 20), answer.get("text_output").asText());
    assertEquals("writer", answer.get("model_name").asText());
    assertEquals("1", answer.get("model_version").asText());
    assertEquals("length", answer.get("finish_reason").asText());
    assertEquals(20, answer.get("tokens").asInt());
    assertEquals("job-of-writer", answer.at("/parameters/lineage/job").asText());
  }

  @Test
  void writesTheSameTextForTheSameSeedAndAnotherOneForAnother() throws Exception {
    String seven = generate("a", "\"seed\":7,\"max_tokens\":40").get("text_output").asText();

    assertEquals(40, seven.length());
    assertEquals(seven, text("a", "\"seed\":7,\"max_tokens\":40"));
    assertNotEquals(seven, text("a", "\"seed\":8,\"max_tokens\":40"));
  }

  @Test
  void saysTheSeedThatItDrewItself() throws Exception {
    JsonNode answer = generate("a", "\"max_tokens\":30");

    long seed = answer.at("/parameters/seed").asLong();
    assertEquals(
        answer.get("text_output").asText(), text("a", "\"max_tokens\":30,\"seed\":" + seed));
  }

  @Test
  void writesTheSameTextInCompanyAsAlone() throws Exception {
    List<String> alone = new ArrayList<>();
    for (int seed = 0; seed < 12; seed++) {
      alone.add(text("bad", "\"max_tokens\":30,\"seed\":" + seed));
    }

    List<CompletableFuture<HttpResponse<String>>> together =
        IntStream.range(0, 12)
            .mapToObj(
                seed ->
                    running.postAsync(GENERATE, body("bad", "\"max_tokens\":30,\"seed\":" + seed)))
            .toList();

    for (int seed = 0; seed < 12; seed++) {
      JsonNode answer = Answers.json(together.get(seed).join());
      assertEquals(alone.get(seed), answer.get("text_output").asText(), "seed " + seed);
    }
  }

  @Test
  void streamsAnEventForEachToken() throws Exception {
    String parameters = "\"seed\":3,\"max_tokens\":25";

    HttpResponse<String> response = running.post(STREAM, body("a", parameters));

    assertEquals(200, response.statusCode(), response.body());
    assertEquals("text/event-stream", response.headers().firstValue("Content-Type").orElse(""));
    List<JsonNode> events = events(response.body());
    assertEquals(26, events.size());
    StringBuilder text = new StringBuilder();
    events.forEach(event -> text.append(event.get("text_output").asText()));
    assertEquals(text("a", parameters), text.toString());
    assertEquals("length", events.getLast().get("finish_reason").asText());
    assertEquals(3, events.getLast().at("/parameters/seed").asInt());
  }

  @Test
  void endsBeforeAStopAndSaysNothingOfIt() throws Exception {
    String parameters = "\"seed\":5,\"max_tokens\":60";
    String whole = text("a", parameters);
    String stop = whole.substring(10, 13);
    String expected = whole.substring(0, whole.indexOf(stop));
    String stopped = parameters + ",\"stop\":[\"" + stop.replace("\n", "\\n") + "\"]";

    JsonNode answer = generate("a", stopped);
    StringBuilder streamed = new StringBuilder();
    events(running.post(STREAM, body("a", stopped)).body())
        .forEach(event -> streamed.append(event.get("text_output").asText()));

    assertEquals(expected, answer.get("text_output").asText());
    assertEquals("stop", answer.get("finish_reason").asText());
    assertEquals(expected, streamed.toString());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '\'',
      value = {
        "/v2/models/none/generate|{\"text_input\":\"a\"}|404|unknown model",
        "/v2/models/small/generate|{\"text_input\":\"a\"}|400|writes no text",
        "/v2/models/writer/generate|{}|400|text_input: expected a text, found null",
        "/v2/models/writer/generate|{\"text_input\":\"a€\"}|400|found \"€\" at position 1",
        "/v2/models/writer/generate_stream|{\"text_input\":\"x\"}|400|at position 0",
        "/v2/models/writer/generate|{\"text_input\":\"a\",\"parameters\":1}|400|an object",
        "/v2/models/writer/generate|{\"text_input\":\"a\",\"parameters\":{\"max_tokens\":0}}|400|max_tokens",
        "/v2/models/writer/generate|{\"text_input\":\"a\",\"parameters\":{\"max_tokens\":4097}}|400|4096",
        "/v2/models/writer/generate|{\"text_input\":\"a\",\"parameters\":{\"temperature\":-1}}|400|temperature",
        "/v2/models/writer/generate|{\"text_input\":\"a\",\"parameters\":{\"seed\":1.5}}|400|seed",
        "/v2/models/writer/generate|{\"text_input\":\"a\",\"parameters\":{\"stop\":[\"\"]}}|400|stop",
        "/v2/models/writer/generate|{|400|malformed JSON",
      })
  void saysWhatIsWrong(String path, String body, int status, String part) throws Exception {
    HttpResponse<String> response = running.post(path, body);

    assertEquals(status, response.statusCode(), response.body());
    assertTrue(Answers.error(response).contains(part), response.body());
  }

  /** The likeliest token, again and again, by what {@code infer} answers. */
  private static String likeliest(String text, int count) throws Exception {
    StringBuilder all = new StringBuilder(text);
    for (int i = 0; i < count; i++) {
      String seen = all.substring(Math.max(0, all.length() - LENGTH));
      int[] window = new int[LENGTH];
      for (int at = 0; at < seen.length(); at++) {
        window[at] = TOKENS.indexOf(seen.charAt(at));
      }
      String body =
          "{\"inputs\":[{\"name\":\"input\",\"datatype\":\"INT32\",\"shape\":[1,%d],\"data\":%s}]}"
              .formatted(LENGTH, Arrays.toString(window));
      JsonNode answer = Answers.json(running.post("/v2/models/writer/infer", body));
      float[] probabilities = Answers.floats(answer, "probabilities");
      int from = (seen.length() - 1) * TOKENS.length();
      int most = 0;
      for (int token = 1; token < TOKENS.length(); token++) {
        most = probabilities[from + token] > probabilities[from + most] ? token : most;
      }
      all.append(TOKENS.charAt(most));
    }
    return all.substring(text.length());
  }

  private static List<JsonNode> events(String stream) throws Exception {
    List<JsonNode> events = new ArrayList<>();
    for (String event : stream.strip().split("\n\n", -1)) {
      assertTrue(event.startsWith("data: "), event);
      events.add(Answers.json(event.substring("data: ".length())));
    }
    return events;
  }

  private static String text(String input, String parameters) throws Exception {
    return generate(input, parameters).get("text_output").asText();
  }

  private static JsonNode generate(String input, String parameters) throws Exception {
    HttpResponse<String> response = running.post(GENERATE, body(input, parameters));
    assertEquals(200, response.statusCode(), response.body());
    return Answers.json(response);
  }

  private static String body(String input, String parameters) {
    return "{\"text_input\":\"%s\",\"parameters\":{%s}}".formatted(input, parameters);
  }
}
