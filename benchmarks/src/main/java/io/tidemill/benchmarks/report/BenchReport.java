package io.tidemill.benchmarks.report;

import java.util.List;
import java.util.Optional;

/**
 * What a benchmark has measured.
 *
 * @param bench its name
 * @param machine processor, cores, system and the versions of both sides
 * @param rows the figures
 * @param chart of the figures, as the text of an SVG file; of benchmarks that draw one
 */
public record BenchReport(
    String bench, String machine, List<BenchRow> rows, Optional<String> chart) {
  public BenchReport {
    rows = List.copyOf(rows);
  }

  /** Without a chart. */
  public BenchReport(String bench, String machine, List<BenchRow> rows) {
    this(bench, machine, rows, Optional.empty());
  }
}
