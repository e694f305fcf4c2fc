package io.tidemill.network;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.tidemill.error.EngineException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ParallelismTest {
  @Test
  void isReadAsItIsWritten() {
    Parallelism parallelism = Parallel.data(2).tensor(3).pipeline(4);

    assertEquals("data(2).pipeline(4).tensor(3)", parallelism.toString());
    assertEquals(parallelism, Parallelism.parse("data(2).tensor(3).pipeline(4)"));
    assertEquals(24, parallelism.workers());
    assertEquals(12, parallelism.places());
    assertEquals(Parallelism.NONE, Parallelism.parse(Parallelism.NONE.toString()));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "data", "data(0)x", "tensor(2).tensor(2)", "model(2)", "data(2)."})
  void anythingElseIsRefused(String text) {
    EngineException refused = assertThrows(EngineException.class, () -> Parallelism.parse(text));

    assertEquals(
        "parallel=" + text + ": expected data(N), pipeline(N) and tensor(N) joined by dots,",
        refused.getMessage().replaceFirst(",? each at most once.*", ","));
  }

  @Test
  void aDegreeOfNoneIsRefused() {
    EngineException refused =
        assertThrows(EngineException.class, () -> Parallelism.parse("data(0)"));

    assertEquals("data(0): expected at least 1", refused.getMessage());
  }
}
