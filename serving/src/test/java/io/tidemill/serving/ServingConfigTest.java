package io.tidemill.serving;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.tidemill.error.EngineException;
import io.tidemill.serving.access.AccessTokens;
import io.tidemill.serving.access.RateLimit.Rate;
import io.tidemill.serving.http.HttpLimits;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

class ServingConfigTest {
  private static final Rate RATE = Rate.of(14);
  private static final AccessTokens TOKENS = new AccessTokens(Optional.of("a"), Optional.of("b"));

  @Test
  void defaultsAreLoopbackAndBounded() {
    ServingConfig config = ServingConfig.defaults();

    int cores = Runtime.getRuntime().availableProcessors();
    assertEquals("127.0.0.1", config.host());
    assertEquals(8080, config.port());
    assertEquals(8_388_608, config.limits().bodyBytes());
    assertEquals(Duration.ofSeconds(30), config.limits().bodyTimeout());
    assertEquals(Duration.ofSeconds(10), config.limits().headTimeout());
    assertEquals(Runtime.getRuntime().maxMemory() / 4, config.limits().heldBodyBytes());
    assertEquals(4096, config.limits().connections());
    assertEquals(Optional.empty(), config.limits().rate());
    assertEquals(16, config.batchRows());
    assertEquals(16_384, config.maxQueuedRows());
    assertEquals(Duration.ofMillis(500), config.maxWait());
    assertEquals(cores, config.executors());
    assertEquals(cores, config.httpThreads());
    assertEquals(2, config.loadedVersions());
    assertEquals(Duration.ofSeconds(10), config.stopTimeout());
    assertEquals(AccessTokens.NONE, config.tokens());
    assertEquals(OptionalInt.empty(), config.grpcPort());
  }

  @Test
  void eachWithChangesOneKey() {
    ServingConfig config =
        ServingConfig.defaults()
            .with(
                change ->
                    change
                        .host("0.0.0.0")
                        .port(1)
                        .maxBodyBytes(2)
                        .bodyTimeout(Duration.ofSeconds(3))
                        .headTimeout(Duration.ofSeconds(11))
                        .heldBodyBytes(12)
                        .connections(13)
                        .rate(RATE)
                        .batchRows(4)
                        .maxQueuedRows(5)
                        .maxWait(Duration.ofSeconds(10))
                        .executors(6)
                        .httpThreads(7)
                        .loadedVersions(8)
                        .stopTimeout(Duration.ofSeconds(9))
                        .tokens(TOKENS)
                        .grpcPort(11));

    assertEquals(
        new ServingConfig(
            "0.0.0.0",
            1,
            new HttpLimits(
                2, Duration.ofSeconds(3), Duration.ofSeconds(11), 12, 13, Optional.of(RATE)),
            4,
            5,
            Duration.ofSeconds(10),
            6,
            7,
            8,
            Duration.ofSeconds(9),
            TOKENS,
            OptionalInt.of(11)),
        config);
  }

  @Test
  void refusesAPortThatIsNone() {
    EngineException e =
        assertThrows(
            EngineException.class,
            () -> ServingConfig.defaults().with(change -> change.port(65_536)));

    assertEquals("serving port: expected 0 to 65535, found 65536", e.getMessage());
  }
}
