package io.tidemill.benchmarks.serve;

import io.tidemill.benchmarks.contender.Windows;
import io.tidemill.benchmarks.report.BenchRow;
import io.tidemill.benchmarks.report.BenchRow.Better;
import io.tidemill.benchmarks.serve.Lane.Figures;
import io.tidemill.benchmarks.serve.Question.Form;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;

/** The figures of {@code bench serve} as rows of a report. Confined to one thread. */
final class ServeRows {
  private final List<ServeCase> cases;
  private final List<Lane> frameworks = new ArrayList<>();
  private Optional<Lane> ours = Optional.empty();
  private Optional<Lane> bare = Optional.empty();
  private double inProcessRate;

  /** Of these cases. */
  ServeRows(List<ServeCase> cases) {
    this.cases = cases;
  }

  /**
   * Takes ours with what it cannot outrun.
   *
   * @param inProcessRate rows a second of ONNX Runtime
   */
  void setCeilings(Lane ours, Lane bare, double inProcessRate) {
    this.ours = Optional.of(ours);
    this.bare = Optional.of(bare);
    this.inProcessRate = inProcessRate;
  }

  void addFramework(Lane framework) {
    frameworks.add(framework);
  }

  /**
   * Of each case the rate beside frameworks, the rate beside each ceiling, latencies and processor
   * time; then start and memory.
   */
  List<BenchRow> rows() {
    List<BenchRow> rows = new ArrayList<>();
    cases.forEach(one -> rows.addAll(rows(one)));
    List<Lane> peers = new ArrayList<>(bare.stream().toList());
    peers.addAll(frameworks);
    rows.add(row("start", "s", Better.LOWER, Lane::startSeconds, peers));
    rows.add(row("memory", "MiB", Better.LOWER, Lane::residentMebibytes, peers));
    return rows;
  }

  private List<BenchRow> rows(ServeCase one) {
    List<BenchRow> rows = new ArrayList<>();
    List<Lane> ceiling = bare.stream().toList();
    List<Lane> all = new ArrayList<>(ceiling);
    all.addAll(one.form() == Form.JSON ? frameworks : List.of());
    ToDoubleFunction<Lane> rate = median(one, Figures::rate);
    if (one.form() == Form.JSON) {
      rows.add(row(one.name(), "req/s", Better.HIGHER, rate, frameworks));
    }
    rows.add(row(one.name() + "-ceiling", "req/s", Better.HIGHER, rate, ceiling));
    if (one.form() == Form.BINARY) {
      rows.add(
          new BenchRow(
              one.name() + "-in-process",
              "rows/s",
              Better.HIGHER,
              ours(rate),
              Map.of("onnxruntime", inProcessRate)));
    }
    rows.add(row(one.name() + "-p50", "ms", Better.LOWER, median(one, Figures::medianMs), all));
    rows.add(row(one.name() + "-p99", "ms", Better.LOWER, median(one, Figures::p99Ms), all));
    rows.add(
        row(one.name() + "-cpu", "us/req", Better.LOWER, median(one, Figures::cpuMicros), all));
    return rows;
  }

  private BenchRow row(
      String name, String unit, Better better, ToDoubleFunction<Lane> figure, List<Lane> peers) {
    Map<String, Double> figures = new LinkedHashMap<>();
    peers.forEach(peer -> figures.put(peer.name(), figure.applyAsDouble(peer)));
    return new BenchRow(name, unit, better, ours(figure), figures);
  }

  private double ours(ToDoubleFunction<Lane> figure) {
    return figure.applyAsDouble(ours.orElseThrow());
  }

  private static ToDoubleFunction<Lane> median(ServeCase one, Function<Figures, Windows> which) {
    return lane -> which.apply(lane.figures(one)).median();
  }
}
