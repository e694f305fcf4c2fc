package io.tidemill.cli.report;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tidemill.benchmarks.report.BenchReport;
import io.tidemill.benchmarks.report.BenchRow;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** What a benchmark has measured, as a table or as JSON: a contract, design section 12. */
public final class BenchTable {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private BenchTable() {}

  /** A line a case: our figure, how many times better than the best peer, and all peers. */
  public static String text(BenchReport report) {
    return report.rows().stream().map(BenchTable::line).collect(Collectors.joining())
        + String.format("on %s%n", report.machine());
  }

  /** One object on one line; without a peer the ratio is {@code null}. */
  public static String json(BenchReport report) {
    ObjectNode json = MAPPER.createObjectNode();
    json.put("bench", report.bench());
    json.put("machine", report.machine());
    ArrayNode rows = json.putArray("rows");
    report.rows().forEach(row -> rows.add(object(row)));
    return json.toString();
  }

  private static ObjectNode object(BenchRow row) {
    ObjectNode json = MAPPER.createObjectNode();
    json.put("case", row.name());
    json.put("unit", row.unit());
    json.put("ours", row.ours());
    ObjectNode peers = json.putObject("peers");
    row.peers().forEach(peers::put);
    json.set(
        "ratio",
        row.ratio().isPresent() ? json.numberNode(row.ratio().getAsDouble()) : json.nullNode());
    return json;
  }

  private static String line(BenchRow row) {
    return String.format(
        Locale.ROOT,
        "%-12s %9.1f %-8s %s%n",
        row.name(),
        row.ours(),
        row.unit(),
        row.peers().isEmpty() ? "no peer" : ratio(row) + "  (" + peers(row.peers()) + ")");
  }

  private static String ratio(BenchRow row) {
    return String.format(
        Locale.ROOT, "%5.2f x %s", row.ratio().orElseThrow(), row.bestPeer().orElseThrow());
  }

  private static String peers(Map<String, Double> peers) {
    return peers.entrySet().stream()
        .map(peer -> String.format(Locale.ROOT, "%s %.1f", peer.getKey(), peer.getValue()))
        .collect(Collectors.joining(", "));
  }
}
