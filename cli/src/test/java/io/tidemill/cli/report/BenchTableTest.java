package io.tidemill.cli.report;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.tidemill.benchmarks.report.BenchReport;
import io.tidemill.benchmarks.report.BenchRow;
import io.tidemill.benchmarks.report.BenchRow.Better;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class BenchTableTest {
  private static final BenchReport REPORT =
      new BenchReport(
          "train",
          "a machine",
          List.of(
              new BenchRow("mlp", "steps/s", Better.HIGHER, 500, peers(250, 400)),
              new BenchRow("memory-mlp", "MiB", Better.LOWER, 200, peers(300, 500)),
              new BenchRow("gpt", "steps/s", Better.HIGHER, 40, Map.of())));

  @Test
  void jsonIsTheContract() {
    assertEquals(
        "{\"bench\":\"train\",\"machine\":\"a machine\",\"rows\":["
            + "{\"case\":\"mlp\",\"unit\":\"steps/s\",\"ours\":500.0,"
            + "\"peers\":{\"pytorch\":250.0,\"jax\":400.0},\"ratio\":1.25},"
            + "{\"case\":\"memory-mlp\",\"unit\":\"MiB\",\"ours\":200.0,"
            + "\"peers\":{\"pytorch\":300.0,\"jax\":500.0},\"ratio\":1.5},"
            + "{\"case\":\"gpt\",\"unit\":\"steps/s\",\"ours\":40.0,"
            + "\"peers\":{},\"ratio\":null}]}",
        BenchTable.json(REPORT));
  }

  @Test
  void textSaysWhoIsTheBestPeer() {
    assertEquals(
        List.of(
            "mlp              500.0 steps/s   1.25 x jax  (pytorch 250.0, jax 400.0)",
            "memory-mlp       200.0 MiB       1.50 x pytorch  (pytorch 300.0, jax 500.0)",
            "gpt               40.0 steps/s  no peer",
            "on a machine"),
        BenchTable.text(REPORT).lines().toList());
  }

  private static Map<String, Double> peers(double pytorch, double jax) {
    Map<String, Double> peers = new LinkedHashMap<>();
    peers.put("pytorch", pytorch);
    peers.put("jax", jax);
    return peers;
  }
}
