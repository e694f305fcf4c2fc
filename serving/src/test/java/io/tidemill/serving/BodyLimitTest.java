package io.tidemill.serving;

import static io.tidemill.serving.Requests.GOOD;
import static io.tidemill.serving.Requests.INFER;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemill.model.ModelStore;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BodyLimitTest {
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
  @CsvSource({"100001, 413", "5000000, 413"})
  void refusesABodyThatIsTooLongHoweverItIsSent(int bytes, int status) throws Exception {
    byte[] body = " ".repeat(bytes).getBytes(StandardCharsets.US_ASCII);

    HttpResponse<String> announced = running.post(INFER, " ".repeat(bytes));
    HttpResponse<String> chunked =
        running.send(
            running
                .request(INFER)
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(body))));

    String sentence = "body too long: expected at most 100000 bytes, found more";
    assertEquals(status, announced.statusCode());
    assertEquals(sentence, Answers.error(announced));
    assertEquals(status, chunked.statusCode());
    assertEquals(sentence, Answers.error(chunked));
  }

  @Test
  void refusesATerabyteWithoutWaitingForIt() throws Exception {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), running.server().port())) {
      socket.setSoTimeout(10_000);
      write(
          socket,
          "POST "
              + INFER
              + " HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
              + "Content-Length: 1000000000000\r\n\r\n{");

      String answer = readAll(socket);

      assertTrue(answer.startsWith("HTTP/1.1 413 "), answer);
    }
  }

  @Test
  void answersOthersWhileABodyDoesNotArriveAndThenGivesUp(@TempDir Path other) throws Exception {
    SMALL.publish(ModelStore.in(other), "small", 1);
    ServingConfig config =
        ServingConfig.defaults().with(change -> change.bodyTimeout(Duration.ofMillis(500)));
    try (RunningServer patient = new RunningServer(other, config);
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), patient.server().port())) {
      socket.setSoTimeout(10_000);
      write(
          socket,
          "POST "
              + INFER
              + " HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
              + "Content-Length: 100\r\n\r\n{\"in");

      assertEquals(200, patient.post(INFER, GOOD).statusCode());
      String answer = readAll(socket);

      assertTrue(answer.startsWith("HTTP/1.1 408 "), answer);
      assertTrue(
          answer.endsWith(
              "{\"error\":\"the body did not arrive in time: send it whole,"
                  + " or in fewer bytes\"}"),
          answer);
    }
  }

  @Test
  void answersGarbageThatIsNotHttpInJson() throws Exception {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), running.server().port())) {
      socket.setSoTimeout(10_000);
      write(socket, "what is this\r\n\r\n");

      String answer = readAll(socket);

      assertTrue(answer.startsWith("HTTP/1.1 "), answer);
      assertTrue(answer.contains("{\"error\":\"malformed request: "), answer);
    }
  }

  private static void write(Socket socket, String text) throws IOException {
    socket.getOutputStream().write(text.getBytes(StandardCharsets.US_ASCII));
    socket.getOutputStream().flush();
  }

  private static String readAll(Socket socket) throws IOException {
    return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
  }
}
