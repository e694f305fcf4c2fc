package io.tidemill.cli;

import io.tidemill.benchmarks.Benchmarks;
import io.tidemill.benchmarks.report.BenchReport;
import io.tidemill.benchmarks.report.BenchRequest;
import io.tidemill.benchmarks.report.Benchmark;
import io.tidemill.cli.console.Console;
import io.tidemill.cli.report.BenchTable;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code tidemill bench}: figures of ours beside those of peers, measured in one run. */
@Command(description = "Measure beside peers, on this machine, in one run.")
final class BenchCommand implements Runnable {
  @Parameters(
      paramLabel = "<name>",
      description = {
        "train: steps per second, PyTorch and JAX.",
        "allreduce: microseconds of a sum over processes, Gloo and OpenMPI.",
        "scaling: two processes beside twice one; a forecast for 1,024.",
        "chaos: a cluster is killed, cut and scaled all along; the same weights?",
        "recovery: seconds from a kill to the next step.",
        "checkpoint: the share of the rate that is left with checkpoints.",
        "serve: requests per second, bare pekko-http, ONNX Runtime, FastAPI and Ray Serve.",
        "swap: failed requests, p99 and memory while a model changes its version.",
        "overload: answers per second under five times the load that can be taken."
      })
  String name = "";

  @Option(
      names = "--cases",
      paramLabel = "CASE",
      split = ",",
      description =
          "Cases of the benchmark, all; of train mlp, cnn and gpt, of allreduce"
              + " allreduce-arena-2-64KB…, of serve binary-32 and json-1…")
  List<String> cases = List.of();

  @Option(names = "--seconds", paramLabel = "N", description = "Seconds of a window, 3.")
  double seconds = 3;

  @Option(
      names = "--python",
      paramLabel = "PATH",
      defaultValue = "${env:TIDEMILL_PYTHON:-python3}",
      description = "Interpreter that has the peers, $TIDEMILL_PYTHON or else python3.")
  String python = "";

  @Option(
      names = "--svg",
      paramLabel = "FILE",
      description = "Draw the forecast of scaling, its case model, into a file.")
  Optional<Path> svg = Optional.empty();

  @Option(
      names = "--json",
      description = "Print the report as one JSON object, the last line of standard output.")
  boolean isJson;

  private final Console console;
  private final StopSignal stop;

  BenchCommand(Console console, StopSignal stop) {
    this.console = console;
    this.stop = stop;
  }

  @Override
  public void run() {
    Benchmark benchmark = Benchmarks.named(name);
    svg.ifPresent(file -> checkChart(benchmark, file));
    BenchRequest request = new BenchRequest(cases, seconds, python);
    Thread here = Thread.currentThread();
    stop.asks(here::interrupt);
    BenchReport report = benchmark.run(request, console::tell);
    svg.ifPresent(file -> write(report, file));
    if (isJson) {
      console.out().println(BenchTable.json(report));
    } else {
      console.out().print(BenchTable.text(report));
    }
    console.out().flush();
  }

  /** Before minutes are spent on measuring. */
  private void checkChart(Benchmark benchmark, Path file) {
    if (!benchmark.drawsChart() || !(cases.isEmpty() || cases.contains("model"))) {
      throw new EngineException(
          ErrorCode.INVALID_ARGUMENT,
          "--svg %s: expected bench scaling with its case model, which draws a chart"
              .formatted(file));
    }
    if (Files.isDirectory(file) || !Files.isDirectory(file.toAbsolutePath().getParent())) {
      throw new EngineException(
          ErrorCode.INVALID_ARGUMENT,
          "--svg %s: expected a file in a folder that exists".formatted(file));
    }
  }

  private static void write(BenchReport report, Path file) {
    try {
      Files.writeString(file, report.chart().orElseThrow());
    } catch (IOException e) {
      throw new EngineException(
          ErrorCode.RESOURCE, "--svg " + file + " cannot be written: " + e.getMessage(), e);
    }
  }
}
