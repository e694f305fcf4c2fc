package io.tidemill.benchmarks.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.tidemill.error.EngineException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class BenchRequestTest {
  @Test
  void refusesWindowsThatAreTooShort() {
    EngineException refusal =
        assertThrows(EngineException.class, () -> new BenchRequest(List.of(), 0.01, "python3"));

    assertEquals("--seconds has to be at least 0.1, is 0.01", refusal.getMessage());
  }

  @Test
  void meansAllCasesWhereNoneIsNamed() {
    List<String> measured = new ArrayList<>();
    Benchmark benchmark =
        new Benchmark(
            "chaos",
            "what it is",
            List.of("one", "two"),
            (request, _) -> {
              measured.addAll(request.cases());
              return new BenchReport("chaos", "a machine", List.of());
            });

    benchmark.run(new BenchRequest(List.of(), 1, "python3"), _ -> {});

    assertEquals(List.of("one", "two"), measured);
  }
}
