package io.tidemill.cli;

import io.tidemill.benchmarks.Benchmarks;
import io.tidemill.benchmarks.report.BenchReport;
import io.tidemill.benchmarks.report.BenchRequest;
import io.tidemill.benchmarks.report.Benchmark;
import io.tidemill.cli.console.Console;
import io.tidemill.cli.report.BenchTable;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code tidemill bench}: figures of ours beside those of peers, measured in one run. */
@Command(name = "bench", description = "Measure beside peers, on this machine, in one run.")
final class BenchCommand implements Runnable {
  @Parameters(
      paramLabel = "<name>",
      description = {
        "train: steps per second, PyTorch and JAX.",
        "allreduce: microseconds of a sum over processes, Gloo and OpenMPI.",
        "chaos: a cluster is killed and scaled all along; the same weights?",
        "recovery: seconds from a kill to the next step."
      })
  String name = "";

  @Option(
      names = "--cases",
      paramLabel = "CASE",
      split = ",",
      description =
          "Cases of the benchmark, all; of train mlp, cnn and gpt, of allreduce"
              + " allreduce-arena-2-64KB…")
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
    BenchRequest request = new BenchRequest(cases, seconds, python);
    Thread here = Thread.currentThread();
    stop.asks(here::interrupt);
    BenchReport report = benchmark.run(request, console::tell);
    if (isJson) {
      console.out().println(BenchTable.json(report));
    } else {
      console.out().print(BenchTable.text(report));
    }
    console.out().flush();
  }
}
