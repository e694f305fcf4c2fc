package io.tidemill.benchmarks.report;

import java.util.List;

/**
 * What a benchmark has measured.
 *
 * @param bench its name
 * @param machine processor, cores, system and the versions of both sides
 * @param rows the figures
 */
public record BenchReport(String bench, String machine, List<BenchRow> rows) {
  public BenchReport {
    rows = List.copyOf(rows);
  }
}
