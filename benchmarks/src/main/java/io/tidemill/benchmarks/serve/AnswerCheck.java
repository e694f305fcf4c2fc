package io.tidemill.benchmarks.serve;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Whether a server's answers are right, which is asked before its speed: probabilities within 1e-4
 * of float64, and so the labels, of digits that the model is sure enough about. Confined to one
 * thread.
 */
final class AnswerCheck implements AutoCloseable {
  /** Of a probability. */
  static final double TOLERANCE = 1e-4;

  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final long START_PATIENCE_NS = 120_000_000_000L;
  private static final long LOOK_MS = 5;
  private static final int DIGITS = 16;
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private final ServedModel model;

  /** Without an offer of HTTP/2, which some servers trip over. */
  private final HttpClient client =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  /** The answers that this model has to give. */
  AnswerCheck(ServedModel model) {
    this.model = model;
  }

  /**
   * An answer.
   *
   * @param headers as they came
   * @param body as it came
   */
  record Reply(java.net.http.HttpHeaders headers, byte[] body) {
    /** How many bytes of the body are JSON; the others are tensors. */
    int jsonBytes() {
      return headers.firstValue(Question.JSON_LENGTH).map(Integer::parseInt).orElse(body.length);
    }
  }

  /**
   * Asks until there is an answer, which has to be right.
   *
   * @return seconds from the start of the process to the first answer
   * @throws EngineException INTERNAL where an answer is wrong
   */
  double firstAnswer(ServerProcess server, URI url, Question.Form form) {
    while (true) {
      try {
        check(server.name(), ask(url, form.ask(List.of(Digit.of(0)))), Digit.of(0));
        return (System.nanoTime() - server.startedNs()) / 1e9;
      } catch (IOException e) {
        if (System.nanoTime() - server.startedNs() > START_PATIENCE_NS) {
          throw failure(server.name(), "does not answer: " + e.getMessage());
        }
        pause();
      }
    }
  }

  /** Checks the answers about all digits. */
  void all(String side, URI url, Question.Form form) {
    for (int i = 0; i < DIGITS; i++) {
      try {
        check(side, ask(url, form.ask(List.of(Digit.of(i)))), Digit.of(i));
      } catch (IOException e) {
        throw failure(side, "does not answer: " + e.getMessage());
      }
    }
  }

  /**
   * Asks once.
   *
   * @throws IOException where there is no answer, or another one than 200
   */
  Reply ask(URI url, Question question) throws IOException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(url)
            .timeout(PATIENCE)
            .POST(BodyPublishers.ofByteArray(question.body()));
    question.headers().forEach(request::header);
    try {
      HttpResponse<byte[]> response = client.send(request.build(), BodyHandlers.ofByteArray());
      if (response.statusCode() != 200) {
        throw new IOException("status " + response.statusCode());
      }
      return new Reply(response.headers(), response.body());
    } catch (InterruptedException e) {
      throw Interruption.of(e);
    }
  }

  private void check(String side, Reply reply, Digit digit) throws IOException {
    double[] expected = model.probabilities(digit.pixels());
    double[] found = probabilities(reply);
    for (int i = 0; i < expected.length; i++) {
      if (found.length != expected.length || !(Math.abs(found[i] - expected[i]) <= TOLERANCE)) {
        throw failure(
            side,
            "answers wrongly: probability %d of a digit: expected %s, found %s"
                .formatted(i, expected[i], i < found.length ? found[i] : "none"));
      }
    }
    int label = label(expected);
    if (expected[label] - second(expected, label) > 2 * TOLERANCE && label(found) != label) {
      throw failure(
          side, "answers wrongly: expected label %d, found %d".formatted(label, label(found)));
    }
  }

  private static double[] probabilities(Reply reply) throws IOException {
    JsonNode json = MAPPER.readTree(reply.body(), 0, reply.jsonBytes());
    int at = reply.jsonBytes();
    for (JsonNode output : json.path("outputs")) {
      int bytes = output.path("parameters").path("binary_data_size").asInt();
      if (output.path("name").asText().equals(ServedModel.PROBABILITIES)) {
        return bytes > 0 ? floats(reply.body(), at, bytes) : numbers(output.path("data"));
      }
      at += bytes;
    }
    throw new IOException("no probabilities in " + json);
  }

  private static double[] numbers(JsonNode data) {
    return data.valueStream().mapToDouble(JsonNode::asDouble).toArray();
  }

  private static double[] floats(byte[] body, int at, int bytes) {
    ByteBuffer data = ByteBuffer.wrap(body, at, bytes).order(ByteOrder.LITTLE_ENDIAN);
    double[] floats = new double[bytes / Float.BYTES];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = data.getFloat();
    }
    return floats;
  }

  private static int label(double[] probabilities) {
    int label = 0;
    for (int i = 1; i < probabilities.length; i++) {
      label = probabilities[i] > probabilities[label] ? i : label;
    }
    return label;
  }

  private static double second(double[] probabilities, int label) {
    double second = 0;
    for (int i = 0; i < probabilities.length; i++) {
      second = i == label ? second : Math.max(second, probabilities[i]);
    }
    return second;
  }

  private static void pause() {
    try {
      TimeUnit.MILLISECONDS.sleep(LOOK_MS);
    } catch (InterruptedException e) {
      throw Interruption.of(e);
    }
  }

  private static EngineException failure(String side, String what) {
    return new EngineException(ErrorCode.RESOURCE, side + " " + what);
  }

  @Override
  public void close() {
    client.close();
  }
}
