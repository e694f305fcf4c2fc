package io.tidemill.benchmarks.serve;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What came back for a request of a {@link LoadLoop}.
 *
 * @param status of HTTP; 0 where the connection broke
 * @param saysWhenToRetry whether it has {@code Retry-After}
 * @param jsonBytes how many bytes of the body are JSON
 * @param body as it came
 * @param dueNs when the request was to be sent, by {@link System#nanoTime}
 * @param doneNs when the last byte was there
 */
record Answer(
    int status, boolean saysWhenToRetry, int jsonBytes, byte[] body, long dueNs, long doneNs) {
  private static final byte[] HEAD_END = {'\r', '\n', '\r', '\n'};
  private static final byte[] VERSION = "\"model_version\":\"".getBytes(StandardCharsets.US_ASCII);

  static Answer broken(long dueNs, long nowNs) {
    return new Answer(0, false, 0, new byte[0], dueNs, nowNs);
  }

  /**
   * Takes an answer from the bytes that have come, once it is whole.
   *
   * @param received ready to be read; read as far as the answer goes
   * @return empty while bytes are missing
   */
  static Optional<Answer> read(ByteBuffer received, long dueNs, long nowNs) {
    int headEnd = find(received, HEAD_END);
    if (headEnd < 0) {
      return Optional.empty();
    }
    byte[] head = new byte[headEnd];
    received.get(received.position(), head);
    String text = new String(head, StandardCharsets.US_ASCII);
    int length = field(text, "content-length").orElse(0);
    int from = received.position() + headEnd + HEAD_END.length;
    if (received.limit() < from + length) {
      return Optional.empty();
    }
    byte[] body = new byte[length];
    received.position(from).get(body);
    return Optional.of(
        new Answer(
            Integer.parseInt(text, 9, 12, 10),
            text.toLowerCase(Locale.ROOT).contains("\r\nretry-after:"),
            field(text, Question.JSON_LENGTH.toLowerCase(Locale.ROOT)).orElse(length),
            body,
            dueNs,
            nowNs));
  }

  /** What stands behind the JSON. */
  byte[] tensors() {
    return Arrays.copyOfRange(body, jsonBytes, body.length);
  }

  long latencyNs() {
    return doneNs - dueNs;
  }

  /** The version of the model that has answered; empty where the body does not say. */
  OptionalInt modelVersion() {
    int at = find(ByteBuffer.wrap(body, 0, jsonBytes), VERSION);
    if (at < 0) {
      return OptionalInt.empty();
    }
    int version = 0;
    for (int i = at + VERSION.length; i < jsonBytes && body[i] != '"'; i++) {
      version = 10 * version + body[i] - '0';
    }
    return OptionalInt.of(version);
  }

  private static OptionalInt field(String head, String name) {
    for (String line : head.split("\r\n", -1)) {
      int colon = line.indexOf(':');
      if (colon > 0 && line.substring(0, colon).toLowerCase(Locale.ROOT).equals(name)) {
        return OptionalInt.of(Integer.parseInt(line.substring(colon + 1).strip()));
      }
    }
    return OptionalInt.empty();
  }

  /** Where the bytes begin, counted from the buffer's position; negative where they are not. */
  private static int find(ByteBuffer in, byte[] wanted) {
    for (int at = in.position(); at <= in.limit() - wanted.length; at++) {
      int same = 0;
      while (same < wanted.length && in.get(at + same) == wanted[same]) {
        same++;
      }
      if (same == wanted.length) {
        return at - in.position();
      }
    }
    return -1;
  }
}
