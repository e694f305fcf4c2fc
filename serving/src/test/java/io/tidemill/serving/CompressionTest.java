package io.tidemill.serving;

import static io.tidemill.serving.Requests.GOOD;
import static io.tidemill.serving.Requests.INFER;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemill.model.ModelStore;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.DeflaterOutputStream;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CompressionTest {
  private static final int MAX_BYTES = 100_000;

  @TempDir private static Path state;
  private static RunningServer running;

  /** A stream that compresses what is written to it. */
  private interface Encoder {
    OutputStream over(OutputStream out) throws IOException;
  }

  @BeforeAll
  static void start() {
    PublishedModels.small().publish(ModelStore.in(state), "small", 1);
    running =
        new RunningServer(
            state, ServingConfig.defaults().with(change -> change.maxBodyBytes(MAX_BYTES)));
  }

  @AfterAll
  static void stop() {
    running.close();
  }

  @Test
  void answersACompressedBodyAsThePlainOne() throws Exception {
    byte[] plain = GOOD.getBytes(StandardCharsets.UTF_8);
    String expected = running.post(INFER, GOOD).body();

    assertEquals(expected, text(post("gzip", compress(GZIPOutputStream::new, plain), "identity")));
    assertEquals(expected, text(post("GZIP", compress(GZIPOutputStream::new, plain), "identity")));
    assertEquals(
        expected, text(post("deflate", compress(DeflaterOutputStream::new, plain), "identity")));
  }

  @Test
  void refusesABodyThatIsNotCompressedAsItsHeaderSays() throws Exception {
    HttpResponse<byte[]> response = post("gzip", GOOD.getBytes(StandardCharsets.UTF_8), "identity");

    assertEquals(400, response.statusCode());
    assertEquals(
        "{\"error\":\"body: expected it to be compressed as Content-Encoding gzip says, found other"
            + " bytes: Not in GZIP format\"}",
        text(response));
  }

  @Test
  void refusesACompressedBodyThatIsCutOff() throws Exception {
    byte[] whole = compress(GZIPOutputStream::new, GOOD.getBytes(StandardCharsets.UTF_8));

    HttpResponse<byte[]> response = post("gzip", Arrays.copyOf(whole, 40), "identity");

    assertEquals(400, response.statusCode());
  }

  @Test
  void refusesABodyThatBecomesTooLong() throws Exception {
    byte[] bomb = compress(GZIPOutputStream::new, new byte[50_000_000]);
    assertTrue(bomb.length < MAX_BYTES, "the bomb alone has to be short enough");

    HttpResponse<byte[]> response = post("gzip", bomb, "identity");

    assertEquals(413, response.statusCode());
    assertEquals(
        "{\"error\":\"body too long: expected at most 100000 bytes, found more\"}", text(response));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "gzip|true",
        "deflate, gzip;q=0.5|true",
        "*|true",
        "identity|false",
        "gzip;q=0|false",
        "gzip;q=0.0, deflate|false"
      })
  void compressesALongAnswerWhereTheClientTakesGzip(String accepted, boolean isCompressed)
      throws Exception {
    byte[] rows = Requests.body(Requests.randomRows(300, 4, 3)).getBytes(StandardCharsets.UTF_8);
    String plain = text(post("identity", rows, "identity"));

    HttpResponse<byte[]> response = post("identity", rows, accepted);

    assertEquals(
        isCompressed,
        response.headers().firstValue("Content-Encoding").filter("gzip"::equals).isPresent());
    if (isCompressed) {
      GZIPInputStream decoder = new GZIPInputStream(new ByteArrayInputStream(response.body()));
      assertArrayEquals(plain.getBytes(StandardCharsets.UTF_8), decoder.readAllBytes());
    } else {
      assertEquals(plain, text(response));
    }
  }

  @Test
  void doesNotCompressAShortAnswer() throws Exception {
    HttpResponse<byte[]> response = post("identity", GOOD.getBytes(StandardCharsets.UTF_8), "gzip");

    assertFalse(response.headers().firstValue("Content-Encoding").isPresent());
  }

  private static HttpResponse<byte[]> post(String coding, byte[] body, String accepted)
      throws Exception {
    return running.sendForBytes(
        running
            .request(INFER)
            .header("Content-Type", "application/json")
            .header("Content-Encoding", coding)
            .header("Accept-Encoding", accepted)
            .POST(BodyPublishers.ofByteArray(body)));
  }

  private static byte[] compress(Encoder encoder, byte[] plain) throws IOException {
    ByteArrayOutputStream compressed = new ByteArrayOutputStream();
    try (OutputStream out = encoder.over(compressed)) {
      out.write(plain);
    }
    return compressed.toByteArray();
  }

  private static String text(HttpResponse<byte[]> response) {
    return new String(response.body(), StandardCharsets.UTF_8);
  }
}
