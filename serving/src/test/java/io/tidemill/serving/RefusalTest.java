package io.tidemill.serving;

import static io.tidemill.serving.Requests.GOOD;
import static io.tidemill.serving.Requests.INFER;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.tidemill.model.ModelStore;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RefusalTest {
  private static final PublishedModels SMALL = PublishedModels.small();

  @TempDir private static Path state;
  private static RunningServer running;

  @BeforeAll
  static void start() {
    SMALL.publish(ModelStore.in(state), "small", 1);
    running =
        new RunningServer(
            state, ServingConfig.defaults().with(change -> change.maxBodyBytes(100_000)));
  }

  @AfterAll
  static void stop() {
    running.close();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "POST|/v2/models/none/infer|404"
            + "|unknown model: expected one of the loaded [small], found \"none\"",
        "POST|/v2/models/small/versions/9/infer|404"
            + "|unknown version of model \"small\": expected one of the loaded [1], found \"9\"",
        "GET|/v2/models/none|404"
            + "|unknown model: expected one of the loaded [small], found \"none\"",
        "GET|/v2/models/none/ready|404"
            + "|unknown model: expected one of the loaded [small], found \"none\"",
        "GET|/v2/models/..%2F..%2Fetc|404"
            + "|unknown model: expected one of the loaded [small], found \"../../etc\"",
        "GET|/v3|404|unknown path /v3",
        "GET|/v2/models/small/infer|405"
            + "|/v2/models/small/infer: expected method POST, found GET",
        "DELETE|/metrics|405|/metrics: expected method GET, found DELETE",
      })
  void refusesWhatItDoesNotKnow(String method, String path, int status, String sentence)
      throws Exception {
    HttpResponse<String> response =
        running.send(
            running
                .request(path)
                .header("Content-Type", "application/json")
                .method(method, BodyPublishers.ofString(method.equals("POST") ? GOOD : "")));

    assertEquals(status, response.statusCode());
    assertEquals(sentence, Answers.error(response));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{\"inputs\":[|malformed JSON at line 1, column 12: Unexpected end-of-input:"
            + " expected close marker for Array",
        "{\"inputs\":[{\"name\":\"input\",\"shape\":[1,5],\"datatype\":\"FP32\",\"data\":[1]}]}"
            + "|input \"input\": expected shape [-1, 4], found [1, 5]",
        "{\"inputs\":[{\"name\":\"input\",\"shape\":[1,4],\"datatype\":\"FP64\",\"data\":[1]}]}"
            + "|input \"input\": expected datatype FP32, found FP64",
        "{\"inputs\":[{\"name\":\"input\",\"shape\":[1,4],\"datatype\":\"FP32\",\"data\":[1]}]}"
            + "|input \"input\": expected 4 elements for shape [1, 4], found 1",
        "{\"inputs\":[]}|missing input: expected \"input\", found only 0 of them and not \"input\"",
      })
  void refusesABodyThatDoesNotFit(String body, String sentence) throws Exception {
    HttpResponse<String> response = running.post(INFER, body);

    assertEquals(400, response.statusCode());
    assertEquals(sentence, Answers.error(response));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "Content-Type|application/xml"
            + "|body: expected Content-Type application/json, found application/xml",
        "Content-Encoding|br|body: expected Content-Encoding gzip or deflate, or none, found br",
      })
  void refusesABodyThatIsNotJson(String header, String value, String sentence) throws Exception {
    HttpResponse<String> response =
        running.send(
            running.request(INFER).header(header, value).POST(BodyPublishers.ofString(GOOD)));

    assertEquals(415, response.statusCode());
    assertEquals(sentence, Answers.error(response));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "X-Request-Timeout-Ms|0|X-Request-Timeout-Ms: expected a number from 1 to 9223372036854,"
            + " found 0",
        "X-Request-Timeout-Ms|1e3|X-Request-Timeout-Ms: expected a number from 1 to 9223372036854,"
            + " found 1e3",
        "X-Request-Priority|10|X-Request-Priority: expected a number from 0 to 9, found 10",
      })
  void refusesAnUrgencyThatCannotBe(String header, String value, String sentence) throws Exception {
    HttpResponse<String> response =
        running.send(
            running.request(INFER).header(header, value).POST(BodyPublishers.ofString(GOOD)));

    assertEquals(400, response.statusCode());
    assertEquals(sentence, Answers.error(response));
  }

  @ParameterizedTest
  @ValueSource(strings = {"-1", "1000", "99999999999", "ten", "1.5", "0x10"})
  void refusesALengthOfJsonThatCannotBe(String length) throws Exception {
    HttpResponse<String> response =
        running.send(
            running
                .request(INFER)
                .header("Inference-Header-Content-Length", length)
                .POST(BodyPublishers.ofString(GOOD)));

    assertEquals(400, response.statusCode());
    assertEquals(
        "Inference-Header-Content-Length: expected a number of bytes from 0 to %d, the length of"
                .formatted(GOOD.length())
            + " the body, found "
            + length,
        Answers.error(response));
  }
}
