package io.tidemill.cluster.job;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class HostProcessTest {
  @Test
  void isTheSameAfterItsTextWasRead() {
    HostProcess self = HostProcess.current();

    assertEquals(self, HostProcess.parse(self.text()));
    assertFalse(HostProcess.parse(self.text()).isKnownDead());
  }

  @Test
  void anotherProcessWithItsNumberIsNotIt() {
    HostProcess self = HostProcess.current();

    HostProcess former = new HostProcess(self.host(), self.pid(), self.startedMs() - 1);

    assertTrue(former.isKnownDead());
  }

  @Test
  void nobodyKnowsOfAProcessOfAnotherHostWhetherItLives() {
    assertFalse(new HostProcess("elsewhere", 1 << 30, 7).isKnownDead());
  }
}
