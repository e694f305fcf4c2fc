package io.tidemill.transport.aeron;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.tidemill.error.EngineException;
import io.tidemill.transport.aeron.AeronSettings.Threading;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

final class AeronSettingsTest {
  private static final Path DIRECTORY = Path.of("aeron");

  @Test
  void processesOfAHostSendFramesOf64Kibibytes() {
    AeronSettings settings = AeronSettings.ofHost(DIRECTORY);

    assertEquals(
        new AeronSettings(DIRECTORY, Threading.POLLER, 65_504, 4 << 20, 2 << 20, 4 << 20),
        settings);
    assertEquals(65_472, settings.payloadBytes());
  }

  @Test
  void aNetworkIsGivenPacketsThatItCarriesWhole() {
    assertEquals(1408, AeronSettings.ofNetwork(DIRECTORY).mtuBytes());
  }

  @Test
  void refusesFramesThatATermDoesNotTake() {
    EngineException refusal =
        assertThrows(
            EngineException.class,
            () ->
                new AeronSettings(DIRECTORY, Threading.OWN, 65_504, 256 << 10, 128 << 10, 4 << 20));

    assertEquals(
        "aeron mtu: expected at most an eighth of the term, 262144, found 65504 bytes",
        refusal.getMessage());
  }
}
