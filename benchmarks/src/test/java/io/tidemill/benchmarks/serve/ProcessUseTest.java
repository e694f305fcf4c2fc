package io.tidemill.benchmarks.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

final class ProcessUseTest {
  @Test
  void readsUserAndSystemTimeBehindANameWithBlanks() {
    String stat = "42 (odd) name) S 1 42 42 0 -1 4194560 9 0 0 0 250 50 7 7 20 0 1 0 100";

    assertEquals(3.0, ProcessUse.cpuSeconds(stat));
  }

  @Test
  void countsWhatTheChildrenTake() throws Exception {
    Assumptions.assumeTrue(
        Files.isReadable(Path.of("/proc/self/smaps_rollup")), "skipped: there is no /proc");
    Process parent =
        new ProcessBuilder("sh", "-c", "sleep 60 & echo; wait").redirectErrorStream(true).start();
    try {
      parent.getInputStream().read(); // the child has been started
      ProcessUse use = new ProcessUse(parent.toHandle());

      assertTrue(use.residentMebibytes() > 0);
      assertEquals(1, parent.descendants().count());
    } finally {
      parent.descendants().forEach(ProcessHandle::destroyForcibly);
      parent.destroyForcibly();
    }
  }
}
