package io.tidemill.benchmarks.scaling;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Real processes that train together, window after window. */
final class TrainingProcessTest {
  @TempDir private Path folder;

  @Test
  void twoProcessesTrainTogetherInEachWindowAndEndWithTheBenchmark() throws Exception {
    Cores cores = Cores.atLeast(1);
    Assumptions.assumeTrue(cores.numbers().size() >= 2, "skipped: there is one core");
    Set<Formation> formations = EnumSet.of(Formation.ONE, Formation.WEAK);
    List<ProcessHandle> processes;

    try (GangRace race = new GangRace("mlp", formations, folder, cores, 0.1, _ -> {})) {
      Map<Formation, Double> rates = race.run(0.1);

      assertEquals(formations, rates.keySet());
      rates.values().forEach(rate -> assertTrue(rate > 0)); // how fast is not for a test
      processes = ProcessHandle.current().descendants().toList();
    }

    assertEquals(3, processes.size());
    for (ProcessHandle process : processes) {
      process.onExit().get(10, TimeUnit.SECONDS);
    }
  }
}
