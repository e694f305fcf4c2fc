package io.tidemill.local;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemill.device.Device;
import io.tidemill.device.Devices;
import io.tidemill.network.Dense;
import io.tidemill.network.Network;
import io.tidemill.train.Encoding;
import io.tidemill.train.Gang;
import io.tidemill.train.Roster;
import io.tidemill.train.Training;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** One process looks after another, by a clock that the test turns. */
final class PulseTest {
  private static final long MS = 1_000_000;

  private final Device device = Devices.open("cpu");
  private final Gang gang = new Gang(training(), device, 2);
  private final Roster roster = gang.roster();
  private final Pulse pulse = Pulse.of(roster, 1, Duration.ofMillis(100), 0);

  @AfterEach
  void close() {
    gang.close();
    device.close();
  }

  @Test
  void aProcessThatBeatsIsWell() {
    roster.join(1, ProcessHandle.current().pid());
    for (long ms = 20; ms < 1000; ms += 20) {
      roster.beat(1);
      assertEquals(Optional.empty(), pulse.look(ms * MS));
    }
  }

  @Test
  void aProcessThatDoesNotBeatIsLostWhenPatienceHasRunOut() {
    roster.join(1, ProcessHandle.current().pid());
    roster.beat(1);
    for (long ms = 20; ms <= 120; ms += 20) {
      assertEquals(Optional.empty(), pulse.look(ms * MS), ms + " ms");
    }

    assertEquals(
        Optional.of(
            "process "
                + ProcessHandle.current().pid()
                + " has been silent for 120 ms, 100 are allowed"),
        pulse.look(140 * MS));
  }

  @Test
  void anObserverThatSleptBlamesNobody() {
    roster.join(1, ProcessHandle.current().pid());
    assertEquals(Optional.empty(), pulse.look(20 * MS));

    assertEquals(Optional.empty(), pulse.look(60_000 * MS));
    assertEquals(Optional.empty(), pulse.look(120_000 * MS));
  }

  @Test
  void aProcessThatHasEndedIsSeenAtOnce() throws Exception {
    Process process = new ProcessBuilder("cat").start(); // reads until it is ended
    roster.join(1, process.pid());
    assertEquals(Optional.empty(), pulse.look(1 * MS));
    assertTrue(pulse.hasJoined());
    process.destroyForcibly().waitFor();

    assertEquals(Optional.of("process " + process.pid() + " has ended"), pulse.look(2 * MS));
  }

  @Test
  void aProcessThatTheSystemDoesNotShowIsJudgedByItsBeats() {
    roster.join(1, Long.MAX_VALUE);
    roster.beat(1);

    assertEquals(Optional.empty(), pulse.look(20 * MS));
    assertFalse(pulse.hasEnded());
  }

  @Test
  void whoseProcessHasNotComeIsNotLost() {
    for (long ms = 20; ms < 1000; ms += 20) {
      assertEquals(Optional.empty(), pulse.look(ms * MS));
    }
    assertFalse(pulse.hasJoined());
  }

  private static Training<float[]> training() {
    Encoding<float[]> encoding = Encoding.ofFloats(3, row -> row, _ -> 0);
    return Training.of(Network.sequential(Dense.of(3, 2)), encoding).globalBatch(8).shards(2);
  }
}
