package io.tidemill.benchmarks.scaling;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.tidemill.error.EngineException;
import java.util.List;
import org.junit.jupiter.api.Test;

final class CoresTest {
  @Test
  void readsTheListOfTheKernel() {
    assertEquals(List.of(0, 1), Cores.parse("0-1").numbers());
    assertEquals(List.of(2, 4, 5, 6, 9), Cores.parse("2,4-6,9").numbers());
  }

  @Test
  void readsWhatItWritesItself() {
    assertEquals("2,4,5", Cores.parse("2,4-5").toString());
    assertEquals(Cores.parse("2,4-5"), Cores.parse("2,4,5"));
  }

  @Test
  void keepsACommandToTheCoreOfItsRank() {
    assertEquals(
        List.of("taskset", "-c", "6", "java", "-version"),
        Cores.parse("4,6").on(1, List.of("java", "-version")));
  }

  @Test
  void refusesAMachineWithTooFewCores() {
    EngineException refusal = assertThrows(EngineException.class, () -> Cores.atLeast(100_000));

    assertEquals(
        "bench scaling gives each process a core of its own: expected 100000 cores or more, found "
            + Cores.atLeast(1).numbers().size(),
        refusal.getMessage());
  }
}
