package io.tidemill.benchmarks.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.junit.jupiter.api.Test;

final class SwapTrafficTest {
  private final SwapTraffic traffic = new SwapTraffic();

  SwapTrafficTest() {
    traffic.expect(3, new byte[] {3});
    traffic.expect(4, new byte[] {4});
  }

  @Test
  void takesTheBitsOfAPublishedVersion() {
    traffic.take(answer(200, 3, 3, 0));
    traffic.take(answer(200, 4, 4, 0));

    assertEquals(0, traffic.failed());
  }

  @Test
  void failsWhereTheBitsAreThoseOfAnotherVersion() {
    traffic.take(answer(200, 4, 3, 0));

    assertEquals(1, traffic.failed());
    assertEquals(Optional.of("other bits than those of version 4"), traffic.firstFailure());
  }

  @Test
  void failsWhereTheVersionWasNeverPublishedOrTheAnswerIsNone() {
    traffic.take(answer(200, 5, 5, 0));
    traffic.take(answer(503, 3, 3, 0));

    assertEquals(2, traffic.failed());
    assertEquals(Optional.of("version 5, which was never published"), traffic.firstFailure());
  }

  @Test
  void failsWhereAnOlderVersionAnswersWhatWasSentAfterTheNewOneWasConfirmed() {
    long before = System.nanoTime();
    traffic.confirm(4);

    traffic.take(answer(200, 3, 3, before - 1));
    assertEquals(0, traffic.failed());
    traffic.take(answer(200, 3, 3, System.nanoTime() + 1));

    assertEquals(Optional.of("version 3 after version 4"), traffic.firstFailure());
  }

  private static Answer answer(int status, int version, int bits, long dueNs) {
    byte[] json = "{\"model_version\":\"%d\"}".formatted(version).getBytes(StandardCharsets.UTF_8);
    byte[] body = java.util.Arrays.copyOf(json, json.length + 1);
    body[json.length] = (byte) bits;
    return new Answer(status, false, json.length, body, dueNs, dueNs + 10);
  }
}
