package io.tidemill.benchmarks.scaling;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemill.benchmarks.train.CasePipeline;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class PartProbeTest {
  @ParameterizedTest
  @CsvSource({"mlp, 1", "mlp, 2", "gpt, 2"})
  void everyPartOfAStepTakesTime(String network, int ranks) {
    PartTimes parts = PartProbe.measure(CasePipeline.of(network).training(), ranks, 0, 0.2);

    assertTrue(parts.shard().seconds().getFirst() > 0, parts.toString());
    assertTrue(parts.sumSecondsPerByte() > 0, parts.toString());
    assertTrue(parts.updateSecondsPerByte() > 0, parts.toString());
  }
}
