package io.tidemill.benchmarks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.tidemill.benchmarks.report.BenchRequest;
import io.tidemill.error.EngineException;
import java.util.List;
import org.junit.jupiter.api.Test;

final class BenchmarksTest {
  @Test
  void namesTheBenchmarksWhereOneIsUnknown() {
    EngineException refusal = assertThrows(EngineException.class, () -> Benchmarks.named("trian"));

    assertEquals(
        "unknown benchmark \"trian\"; expected one of train, allreduce, scaling, chaos, recovery,"
            + " checkpoint, serve, swap, overload",
        refusal.getMessage());
  }

  @Test
  void namesTheCasesWhereOneIsUnknown() {
    BenchRequest request = new BenchRequest(List.of("mlp", "rnn"), 1, "python3");

    EngineException refusal =
        assertThrows(EngineException.class, () -> Benchmarks.named("train").run(request, _ -> {}));

    assertEquals(
        "unknown case \"rnn\" of bench train; expected some of mlp, cnn, gpt",
        refusal.getMessage());
  }
}
