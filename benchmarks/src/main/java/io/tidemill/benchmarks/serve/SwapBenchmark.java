package io.tidemill.benchmarks.serve;

import io.tidemill.benchmarks.report.BenchReport;
import io.tidemill.benchmarks.report.BenchRequest;
import io.tidemill.benchmarks.report.BenchRow;
import io.tidemill.benchmarks.report.BenchRow.Better;
import io.tidemill.benchmarks.report.Benchmark;
import io.tidemill.benchmarks.report.Machine;
import io.tidemill.benchmarks.report.ScratchFolder;
import io.tidemill.benchmarks.serve.AnswerCheck.Reply;
import io.tidemill.benchmarks.serve.Question.Form;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.model.StoredModel;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * What clients see of version changes: a model is published anew ten times a second while a load
 * runs, and each version has to answer before the next is published.
 *
 * <p>Turns with changes and turns without alternate. In those without, versions are published at
 * the same pace into a folder that nobody serves: what publishing takes from the machine is no
 * matter of the server's.
 */
public final class SwapBenchmark {
  private static final List<Integer> SWAPS = List.of(20, 1_000);
  private static final String PREFIX = "swaps-";
  private static final long EVERY_NS = 100_000_000;
  private static final int CONNECTIONS = 32;
  private static final int WARM_UP_WINDOWS = 5;

  /** Of what the server can at most: so latencies are its own, and not those of a queue. */
  private static final double SHARE_OF_PEAK = 0.4;

  private final double seconds;
  private final Consumer<String> tell;

  private SwapBenchmark(double seconds, Consumer<String> tell) {
    this.seconds = seconds;
    this.tell = tell;
  }

  public static Benchmark benchmark() {
    return new Benchmark(
        "swap",
        "failed requests, p99 and memory while a served model changes its version",
        SWAPS.stream().map(count -> PREFIX + count).toList(),
        SwapBenchmark::measure);
  }

  private static BenchReport measure(BenchRequest request, Consumer<String> tell) {
    Machine.busy().ifPresent(tell);
    List<BenchRow> rows = new ArrayList<>();
    for (String name : request.cases()) {
      try (ScratchFolder scratch = ScratchFolder.create()) {
        rows.addAll(
            new SwapBenchmark(request.windowSeconds(), tell)
                .measure(name, Integer.parseInt(name.substring(PREFIX.length())), scratch.path()));
      }
    }
    return new BenchReport("swap", Machine.describe(List.of()), rows);
  }

  private List<BenchRow> measure(String name, int swaps, Path folder) {
    ServedModel model = ServedModel.publish(folder.resolve("state"), 512, 256);
    ModelVersions aside = new ModelVersions(model.stored(), folder.resolve("aside"));
    Question question = Form.BINARY.ask(List.of(Digit.of(0)));
    try (ServerProcess server = OwnServer.start(model.state(), folder.resolve("server.log"));
        AnswerCheck check = new AnswerCheck(model);
        LoadLoop load =
            new LoadLoop(
                server.url(),
                question.request(server.url().getAuthority(), inferPath()),
                CONNECTIONS)) {
      Swaps served = new Swaps(server, check, new ModelVersions(model.stored(), model.state()));
      served.learn(model);
      double peak = peak(load, served);
      tell.accept("%s: %.0f requests/s at most".formatted(name, peak));
      Latencies steady = new Latencies();
      Latencies changing = new Latencies();
      double[] memory = new double[2];
      Runnable turns =
          () -> {
            for (int turn = 0; served.count < swaps; turn++) {
              served.traffic.recordInto(steady);
              forOneTurn(aside::publish, Integer.MAX_VALUE);
              served.traffic.recordInto(changing);
              forOneTurn(served::change, swaps - served.count);
              double mebibytes = server.use().residentMebibytes();
              memory[0] = turn == 0 ? mebibytes : memory[0];
              memory[1] = mebibytes;
              tell.accept(
                  "%s: %d changes, %d failed requests, %.0f MiB"
                      .formatted(name, served.count, served.traffic.failed(), mebibytes));
            }
          };
      Background background = Background.of("swaps", turns);
      load.openLoop(() -> SHARE_OF_PEAK * peak, background::isRunning, served.traffic::take);
      background.join();
      served
          .traffic
          .firstFailure()
          .ifPresent(what -> tell.accept(name + ": the first request that failed: " + what));
      return List.of(
          row(name + "-failed", "requests", (double) served.traffic.failed(), Map.of()),
          row(name + "-requests", "requests", steady.count() + changing.count(), Map.of()),
          row(
              name + "-p50",
              "ms",
              changing.quantileMs(0.5),
              Map.of("steady", steady.quantileMs(0.5))),
          row(
              name + "-p99",
              "ms",
              changing.quantileMs(0.99),
              Map.of("steady", steady.quantileMs(0.99))),
          row(name + "-to-answer", "ms", served.toAnswer.quantileMs(0.5), Map.of()),
          row(name + "-memory", "MiB", memory[1], Map.of("before", memory[0])));
    }
  }

  /** Does it ten times a second for a turn, so many times at most. */
  private void forOneTurn(Runnable act, int most) {
    long endNs = System.nanoTime() + (long) (seconds * 1e9);
    int done = 0;
    for (long dueNs = System.nanoTime(); dueNs < endNs && done < most; dueNs += EVERY_NS) {
      pauseUntil(dueNs);
      act.run();
      done++;
    }
    pauseUntil(Math.min(endNs, System.nanoTime() + EVERY_NS));
  }

  private double peak(LoadLoop load, Swaps served) {
    closed(load, served, WARM_UP_WINDOWS * seconds);
    return closed(load, served, seconds) / seconds;
  }

  private static int closed(LoadLoop load, Swaps served, double seconds) {
    Latencies answered = new Latencies();
    served.traffic.recordInto(answered);
    long endNs = System.nanoTime() + (long) (seconds * 1e9);
    load.closedLoop(() -> System.nanoTime() < endNs, served.traffic::take);
    return answered.count();
  }

  private static BenchRow row(String name, String unit, double figure, Map<String, Double> beside) {
    return new BenchRow(name, unit, Better.LOWER, figure, beside);
  }

  private static String inferPath() {
    return "/v2/models/" + ServedModel.NAME + "/infer";
  }

  private static void pauseUntil(long ns) {
    try {
      TimeUnit.NANOSECONDS.sleep(ns - System.nanoTime());
    } catch (InterruptedException e) {
      throw Interruption.of(e);
    }
  }

  /** The served model, version after version. */
  private static final class Swaps {
    private final SwapTraffic traffic = new SwapTraffic();
    private final Latencies toAnswer = new Latencies();
    private final ServerProcess server;
    private final AnswerCheck check;
    private final ModelVersions versions;
    private final byte[][] answers = new byte[ModelVersions.VARIANTS][];
    private final URI infer;
    private int last = 1;
    private int count;

    Swaps(ServerProcess server, AnswerCheck check, ModelVersions versions) {
      this.server = server;
      this.check = check;
      this.versions = versions;
      this.infer = server.url().resolve(inferPath());
    }

    /**
     * Publishes each variant once and takes down what it answers while nothing else is asked; the
     * answers have to be right.
     */
    void learn(ServedModel model) {
      check.firstAnswer(server, infer, Form.BINARY);
      for (int i = 0; i < ModelVersions.VARIANTS; i++) {
        int variant = versions.nextVariant();
        StoredModel published = versions.publish();
        load();
        try (AnswerCheck own = new AnswerCheck(ServedModel.of(model.state(), published))) {
          own.all(server.name(), infer, Form.BINARY);
        }
        answers[variant] = tensors(ask());
        last = published.version();
        traffic.expect(last, answers[variant]);
      }
      traffic.confirm(last);
    }

    /** Publishes the next version and waits until it answers. */
    void change() {
      traffic.expect(last + 1, answers[versions.nextVariant()]);
      long beganNs = System.nanoTime();
      last = versions.publish().version();
      load();
      Reply reply = ask();
      int found =
          new Answer(200, false, reply.jsonBytes(), reply.body(), 0, 0).modelVersion().orElse(-1);
      if (found != last) {
        throw failure("version %d was loaded, and version %d answers".formatted(last, found));
      }
      traffic.confirm(last);
      toAnswer.add(System.nanoTime() - beganNs);
      count++;
    }

    private void load() {
      try {
        check.ask(
            server.url().resolve("/v2/repository/models/" + ServedModel.NAME + "/load"),
            new Question(Map.of("Content-Type", "application/json"), new byte[] {'{', '}'}));
      } catch (IOException e) {
        throw failure("the model cannot be loaded: " + e.getMessage());
      }
    }

    private Reply ask() {
      try {
        return check.ask(infer, Form.BINARY.ask(List.of(Digit.of(0))));
      } catch (IOException e) {
        throw failure("the model does not answer: " + e.getMessage());
      }
    }

    private static byte[] tensors(Reply reply) {
      return Arrays.copyOfRange(reply.body(), reply.jsonBytes(), reply.body().length);
    }

    private static EngineException failure(String what) {
      return new EngineException(ErrorCode.RESOURCE, "bench swap: " + what);
    }
  }
}
