package io.tidemill.benchmarks.scaling;

import io.tidemill.benchmarks.allreduce.Lane;
import io.tidemill.benchmarks.allreduce.LaneTimes;
import io.tidemill.benchmarks.report.BenchReport;
import io.tidemill.benchmarks.report.BenchRequest;
import io.tidemill.benchmarks.report.BenchRow;
import io.tidemill.benchmarks.report.BenchRow.Better;
import io.tidemill.benchmarks.report.Benchmark;
import io.tidemill.benchmarks.report.Machine;
import io.tidemill.benchmarks.report.ScratchFolder;
import io.tidemill.benchmarks.scaling.Forecast.Scaling;
import io.tidemill.benchmarks.train.CasePipeline;
import io.tidemill.train.Training;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Two processes on two cores beside twice one process on one core; then what lanes and the parts of
 * a step cost, and what a simulation makes of that for up to 1,024 workers.
 *
 * <p>The method is that of docs/benchmarks/scaling.md. Confined to one thread.
 */
public final class ScalingBenchmark {
  private static final List<String> NETWORKS = List.of("mlp", "cnn", "gpt");
  private static final String MODEL = "model";
  private static final double WARM_UP_SECONDS = 12;
  private static final double PROBE_WARM_UP_SECONDS = 8;

  /** From a slice of a small network on many hosts to a gradient of the largest one here. */
  private static final List<Integer> SIZES =
      List.of(1 << 10, 8 << 10, 64 << 10, 512 << 10, 4 << 20);

  private final BenchRequest request;
  private final Path folder;
  private final Cores cores;
  private final Consumer<String> tell;
  private final List<BenchRow> rows = new ArrayList<>();

  /** Steps per second, by network. */
  private final Map<String, Map<Formation, Double>> measured = new LinkedHashMap<>();

  private ScalingBenchmark(BenchRequest request, Path folder, Consumer<String> tell) {
    this.request = request;
    this.folder = folder;
    this.cores = Cores.atLeast(Formation.STRONG.processes());
    this.tell = tell;
  }

  public static Benchmark benchmark() {
    return new Benchmark(
        "scaling",
        "two processes beside twice one, and a forecast for 1,024",
        caseNames(),
        true,
        ScalingBenchmark::run);
  }

  private static List<String> caseNames() {
    return Stream.concat(
            NETWORKS.stream()
                .flatMap(
                    network ->
                        Stream.of(Formation.STRONG, Formation.WEAK)
                            .map(formation -> formation.caseName(network))),
            Stream.of(MODEL))
        .toList();
  }

  private static BenchReport run(BenchRequest request, Consumer<String> tell) {
    try (ScratchFolder folder = ScratchFolder.createInMemory()) {
      return new ScalingBenchmark(request, folder.path(), tell).run();
    }
  }

  private BenchReport run() {
    Machine.busy().ifPresent(tell);
    NETWORKS.forEach(this::race);
    Optional<String> chart =
        request.cases().contains(MODEL) ? Optional.of(forecast()) : Optional.empty();
    return new BenchReport("scaling", Machine.describe(List.of()), rows, chart);
  }

  private void race(String network) {
    Set<Formation> formations = EnumSet.of(Formation.ONE, Formation.STRONG, Formation.WEAK);
    formations.removeIf(
        formation ->
            formation != Formation.ONE && !request.cases().contains(formation.caseName(network)));
    if (formations.size() == 1) {
      return;
    }
    try (GangRace race = new GangRace(network, formations, folder, cores, WARM_UP_SECONDS, tell)) {
      measured.put(network, race.run(request.windowSeconds()));
    }
    Map<Formation, Double> rates = measured.get(network);
    int batch = CasePipeline.of(network).training().globalBatch();
    formations.remove(Formation.ONE);
    for (Formation formation : formations) {
      double twice = formation.processes() * batch * rates.get(Formation.ONE);
      rows.add(
          row(
              formation.caseName(network),
              "samples/s",
              formation.batches() * batch * rates.get(formation),
              "twice-one-process",
              twice));
    }
  }

  /** Measures what the simulation needs, and gives its chart. */
  private String forecast() {
    Map<Lane, LaneCost> lanes = new EnumMap<>(Lane.class);
    for (Lane lane : List.of(Lane.ARENA, Lane.IPC, Lane.UDP)) {
      lanes.put(lane, lane(lane));
    }
    Forecast.ASSUMPTIONS.forEach(sentence -> tell.accept("assumed: " + sentence));
    EfficiencyChart chart = new EfficiencyChart();
    for (String network : NETWORKS) {
      Forecast forecast = forecast(network, lanes.get(Lane.ARENA), lanes.get(Lane.UDP));
      compare(forecast);
      for (Scaling scaling : Scaling.values()) {
        List<Forecast.Point> curve = forecast.curve(scaling);
        chart.add(network, scaling, curve);
        predicted(forecast, scaling, curve);
      }
    }
    return chart.svg();
  }

  private LaneCost lane(Lane lane) {
    LaneTimes times = new LaneTimes(folder, tell);
    List<LaneCost.Measured> allReduces = new ArrayList<>();
    tell.accept(lane.label() + ": measuring all-reduces of " + SIZES.size() + " sizes");
    for (int bytes : SIZES) {
      double seconds = times.seconds(lane, bytes, Math.min(1, request.windowSeconds()));
      allReduces.add(new LaneCost.Measured(bytes, seconds));
    }
    LaneCost cost = LaneCost.fit(allReduces);
    tell.accept(lane.label() + ": " + cost);
    double worst = 0;
    for (LaneCost.Measured one : allReduces) {
      double residual = cost.residual(one);
      worst = Math.max(worst, Math.abs(residual));
      tell.accept(
          String.format(
              Locale.ROOT,
              "%s: all-reduce of %d KB %.1f us, the fit %+.0f %%",
              lane.label(),
              one.bytes() >> 10,
              1e6 * one.seconds(),
              100 * residual));
    }
    rows.add(row("alpha-" + lane.label(), "us", 1e6 * cost.alpha()));
    rows.add(row("beta-" + lane.label(), "us/MB", 1e12 * cost.beta()));
    rows.add(row("residual-" + lane.label(), "%", 100 * worst));
    return cost;
  }

  private Forecast forecast(String network, LaneCost arena, LaneCost wire) {
    Training<?> training = CasePipeline.of(network).training();
    PartTimes alone = parts(network, training, 1);
    PartTimes together = parts(network, training, Forecast.RANKS);
    long bytes = training.network().layout().floats() * Float.BYTES;
    Forecast forecast =
        new Forecast(network, bytes, training.shards(), alone, together, arena, wire);
    tell.accept(
        String.format(
            Locale.ROOT,
            "%s: %.1f MB of parameters; a worker computes %.1f ms a step, a host exchanges at"
                + " least %.1f ms with many",
            network,
            bytes / 1e6,
            1e3 * training.shards() * together.shard().median(),
            1e3 * forecast.exchangeSeconds()));
    return forecast;
  }

  private PartTimes parts(String network, Training<?> training, int ranks) {
    tell.accept("%s: timing the parts of a step, ranks at work: %d".formatted(network, ranks));
    double seconds = 2 * request.windowSeconds();
    PartTimes parts = PartProbe.measure(training, ranks, PROBE_WARM_UP_SECONDS, seconds);
    tell.accept("%s, ranks at work %d: %s".formatted(network, ranks, parts));
    return parts;
  }

  /** The simulation beside what was measured in this run. */
  private void compare(Forecast forecast) {
    measured
        .getOrDefault(forecast.network(), Map.of())
        .forEach(
            (formation, rate) -> {
              double predicted = forecast.of(formation);
              String name = formation.caseName(forecast.network());
              rows.add(row("model-of-" + name, "steps/s", predicted, "measured", rate));
              tell.accept(
                  String.format(
                      Locale.ROOT,
                      "%s: the model says %.1f steps/s, measured were %.1f: %+.1f %%",
                      name,
                      predicted,
                      rate,
                      100 * (predicted / rate - 1)));
            });
  }

  private void predicted(Forecast forecast, Scaling scaling, List<Forecast.Point> curve) {
    String name = scaling.name().toLowerCase(Locale.ROOT) + "-" + forecast.network();
    tell.accept(
        name
            + ", steps/s predicted: "
            + curve.stream().map(ScalingBenchmark::sentence).collect(Collectors.joining(", ")));
    for (Forecast.Point point : curve) {
      double rate = point.stepsPerSecond();
      String row = "model-%s-%d".formatted(name, point.workers());
      rows.add(row(row, "steps/s", rate, "ideal", rate / point.efficiency()));
    }
    Forecast.Point worst = forecast.point(scaling, Forecast.MOST_WORKERS, Fleet.Latency.IN_TURN);
    tell.accept(name + ", if latencies did not overlap: " + sentence(worst));
  }

  private static String sentence(Forecast.Point point) {
    return String.format(
        Locale.ROOT,
        "%d: %.4g (%.0f %%)",
        point.workers(),
        point.stepsPerSecond(),
        100 * point.efficiency());
  }

  private static BenchRow row(String name, String unit, double ours) {
    return new BenchRow(name, unit, Better.LOWER, ours, Map.of());
  }

  private static BenchRow row(String name, String unit, double ours, String peer, double theirs) {
    return new BenchRow(name, unit, Better.HIGHER, ours, Map.of(peer, theirs));
  }
}
