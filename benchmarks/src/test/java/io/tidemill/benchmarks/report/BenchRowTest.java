package io.tidemill.benchmarks.report;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.tidemill.benchmarks.report.BenchRow.Better;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;

final class BenchRowTest {
  @Test
  void comparesARateWithTheHighestOfThePeers() {
    BenchRow row = new BenchRow("mlp", "steps/s", Better.HIGHER, 500, Map.of("a", 400.0, "b", 8.0));

    assertEquals(Optional.of("a"), row.bestPeer());
    assertEquals(OptionalDouble.of(1.25), row.ratio());
  }

  @Test
  void comparesMemoryWithTheLowestOfThePeers() {
    BenchRow row = new BenchRow("memory", "MiB", Better.LOWER, 200, Map.of("a", 300.0, "b", 900.0));

    assertEquals(Optional.of("a"), row.bestPeer());
    assertEquals(OptionalDouble.of(1.5), row.ratio());
  }

  @Test
  void hasNoRatioWithoutAPeer() {
    BenchRow row = new BenchRow("mlp", "steps/s", Better.HIGHER, 500, Map.of());

    assertEquals(OptionalDouble.empty(), row.ratio());
  }
}
