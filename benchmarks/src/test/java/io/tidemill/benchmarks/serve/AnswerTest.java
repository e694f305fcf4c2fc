package io.tidemill.benchmarks.serve;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

final class AnswerTest {
  private static final String JSON = "{\"model_name\":\"mlp\",\"model_version\":\"217\"}";

  @Test
  void takesAnAnswerOnceItsLastByteIsThere() {
    byte[] whole =
        bytes(
            "HTTP/1.1 200 OK\r\nInference-Header-Content-Length: %d\r\ncontent-length: %d\r\n\r\n%sabc"
                .formatted(JSON.length(), JSON.length() + 3, JSON));
    ByteBuffer almost = ByteBuffer.wrap(whole, 0, whole.length - 1);
    ByteBuffer all = ByteBuffer.wrap(whole);

    assertEquals(Optional.empty(), Answer.read(almost, 1, 2));
    Answer answer = Answer.read(all, 1, 5).orElseThrow();

    assertEquals(0, almost.position());
    assertEquals(0, all.remaining());
    assertEquals(200, answer.status());
    assertEquals(4, answer.latencyNs());
    assertEquals(OptionalInt.of(217), answer.modelVersion());
    assertArrayEquals(bytes("abc"), answer.tensors());
    assertFalse(answer.saysWhenToRetry());
  }

  @Test
  void leavesTheNextAnswerInTheBuffer() {
    String first503 = "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 2";
    ByteBuffer two = ByteBuffer.wrap(bytes(first503 + "\r\n\r\n{}" + "HTTP/1.1"));

    Answer first = Answer.read(two, 0, 0).orElseThrow();

    assertEquals(503, first.status());
    assertTrue(first.saysWhenToRetry());
    assertEquals(OptionalInt.empty(), first.modelVersion());
    assertEquals("HTTP/1.1".length(), two.remaining());
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }
}
