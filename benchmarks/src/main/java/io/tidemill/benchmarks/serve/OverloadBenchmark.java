package io.tidemill.benchmarks.serve;

import io.tidemill.benchmarks.report.BenchReport;
import io.tidemill.benchmarks.report.BenchRequest;
import io.tidemill.benchmarks.report.BenchRow;
import io.tidemill.benchmarks.report.BenchRow.Better;
import io.tidemill.benchmarks.report.Benchmark;
import io.tidemill.benchmarks.report.Machine;
import io.tidemill.benchmarks.report.ScratchFolder;
import io.tidemill.benchmarks.serve.Question.Form;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;

/**
 * What is left of a server that is asked five times as much as it can do: requests answered a
 * second beside its peak, what becomes of the others, and how long it takes until all is as before.
 *
 * <p>The model is large enough (10 million weights) that it is the limit, and not HTTP: each
 * refusal costs about as much as a small answer does, so on a machine of few cores nobody can
 * refuse four times what HTTP alone allows.
 */
public final class OverloadBenchmark {
  private static final String CASE = "overload-5x";
  private static final double FACTOR = 5;

  /** Windows of overload: 60 s where a window is 3 s. */
  private static final int OVERLOAD_WINDOWS = 20;

  private static final int WARM_UP_WINDOWS = 5;
  private static final int CALM_WINDOWS = 2;
  private static final double CALM = 0.5;

  /** So many that some are free although half a second's requests wait for their answers. */
  private static final int CONNECTIONS = 2_048;

  private static final int PEAK_CONNECTIONS = 64;

  private OverloadBenchmark() {}

  public static Benchmark benchmark() {
    return new Benchmark(
        "overload",
        "answers per second under five times the load that a server can take",
        List.of(CASE),
        OverloadBenchmark::measure);
  }

  private static BenchReport measure(BenchRequest request, Consumer<String> tell) {
    Machine.busy().ifPresent(tell);
    try (ScratchFolder scratch = ScratchFolder.create()) {
      ServedModel model = ServedModel.publish(scratch.path().resolve("state"), 2048, 2048, 2048);
      try (ServerProcess server =
              OwnServer.start(model.state(), scratch.path().resolve("server.log"));
          AnswerCheck check = new AnswerCheck(model)) {
        String path = "/v2/models/" + ServedModel.NAME + "/infer";
        check.firstAnswer(server, server.url().resolve(path), Form.BINARY);
        byte[] question =
            Form.BINARY.ask(List.of(Digit.of(0))).request(server.url().getAuthority(), path);
        List<BenchRow> rows = measure(server, question, request.windowSeconds(), tell);
        return new BenchReport("overload", Machine.describe(List.of()), rows);
      }
    }
  }

  private static List<BenchRow> measure(
      ServerProcess server, byte[] question, double seconds, Consumer<String> tell) {
    double peak;
    try (LoadLoop load = new LoadLoop(server.url(), question, PEAK_CONNECTIONS)) {
      closed(load, WARM_UP_WINDOWS * seconds);
      peak = closed(load, CALM_WINDOWS * seconds);
    }
    tell.accept(String.format(Locale.ROOT, "%s: %.0f requests/s at most", CASE, peak));
    try (LoadLoop load = new LoadLoop(server.url(), question, CONNECTIONS)) {
      OverloadPhases phases =
          new OverloadPhases(System.nanoTime(), CALM_WINDOWS * seconds, OVERLOAD_WINDOWS * seconds);
      long unsent =
          load.openLoop(
              () -> peak * (phases.isOverload(System.nanoTime()) ? FACTOR : CALM),
              () -> System.nanoTime() < phases.endNs() && !Thread.currentThread().isInterrupted(),
              phases::take);
      tell.accept(phases + (unsent > 0 ? "; " + unsent + " found no free connection" : ""));
      return rows(phases, peak, server.use().residentMebibytes());
    }
  }

  /** Without the row of the recovery where there was none: the progress says so. */
  private static List<BenchRow> rows(OverloadPhases phases, double peak, double mebibytes) {
    List<BenchRow> rows = new ArrayList<>();
    Collections.addAll(
        rows,
        new BenchRow(
            CASE + "-goodput",
            "req/s",
            Better.HIGHER,
            phases.answered() / phases.overloadSeconds(),
            Map.of("peak", peak)),
        row("-offered", "req/s", phases.offered() / phases.overloadSeconds()),
        row("-refused", "%", 100.0 * phases.refused() / phases.offered()),
        row("-no-retry-after", "requests", (double) phases.refusedWithoutAWord()),
        row("-failed", "requests", (double) phases.failed()),
        new BenchRow(
            CASE + "-p99",
            "ms",
            Better.LOWER,
            phases.overloadP99Ms(),
            Map.of("calm", phases.calmP99Ms())),
        row("-memory", "MiB", mebibytes));
    phases.recoverySeconds().ifPresent(seconds -> rows.add(row("-recovery", "s", seconds)));
    return rows;
  }

  private static double closed(LoadLoop load, double seconds) {
    long endNs = System.nanoTime() + (long) (seconds * 1e9);
    long[] answered = new long[1];
    load.closedLoop(
        () -> System.nanoTime() < endNs, answer -> answered[0] += answer.status() == 200 ? 1 : 0);
    return answered[0] / seconds;
  }

  private static BenchRow row(String what, String unit, double figure) {
    return new BenchRow(CASE + what, unit, Better.LOWER, figure, Map.of());
  }
}
