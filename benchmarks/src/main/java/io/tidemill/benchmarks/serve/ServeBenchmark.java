package io.tidemill.benchmarks.serve;

import io.tidemill.benchmarks.contender.Contender;
import io.tidemill.benchmarks.contender.JavaCommand;
import io.tidemill.benchmarks.contender.Windows;
import io.tidemill.benchmarks.report.BenchReport;
import io.tidemill.benchmarks.report.BenchRequest;
import io.tidemill.benchmarks.report.Benchmark;
import io.tidemill.benchmarks.report.Machine;
import io.tidemill.benchmarks.report.ScratchFolder;
import io.tidemill.benchmarks.serve.AnswerCheck.Reply;
import io.tidemill.benchmarks.serve.Question.Form;
import io.tidemill.benchmarks.serve.ServerProcess.Start;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;

/**
 * Requests a second, latency, processor time and memory of {@code tidemill serve} about one row of
 * the perceptron 784-512-256-10, beside what it cannot outrun (Pekko's HTTP server with nothing
 * behind it, ONNX Runtime with nothing before it) and beside servers of Python with PyTorch.
 *
 * <p>All are processes of their own on this machine, asked by wrk from this machine. Each is warmed
 * up alike and has to answer rightly before it is measured. The first two and ours take turns;
 * servers of Python come later, each alone, because some of them work while nobody asks.
 */
public final class ServeBenchmark {
  private static final int ROUNDS = 3;

  /** Of windows: how long each server works in each form before it is measured. */
  private static final int WARM_UP_WINDOWS = 5;

  private final BenchRequest request;
  private final Path folder;
  private final Consumer<String> tell;
  private final List<ServeCase> cases;
  private final Wrk wrk;
  private final Set<String> versions = new TreeSet<>();

  private ServeBenchmark(BenchRequest request, Path folder, Consumer<String> tell) {
    this.request = request;
    this.folder = folder;
    this.tell = tell;
    this.cases = request.cases().stream().map(ServeCase::named).toList();
    this.wrk = new Wrk(folder);
  }

  public static Benchmark benchmark() {
    return new Benchmark(
        "serve",
        "requests per second beside bare pekko-http, ONNX Runtime, FastAPI and Ray Serve",
        ServeCase.names(),
        ServeBenchmark::measure);
  }

  private static BenchReport measure(BenchRequest request, Consumer<String> tell) {
    Wrk.require();
    Machine.busy().ifPresent(tell);
    try (ScratchFolder scratch = ScratchFolder.create()) {
      return new ServeBenchmark(request, scratch.path(), tell).measure();
    }
  }

  private BenchReport measure() {
    ServePeer.copyScripts(folder);
    ServedModel model = ServedModel.publish(folder.resolve("state"), 512, 256);
    ServeRows rows = new ServeRows(cases);
    try (AnswerCheck check = new AnswerCheck(model)) {
      raceCeilings(model, check, rows);
      for (ServePeer peer :
          cases.stream().anyMatch(ServeBenchmark::isJson) ? ServePeer.ALL : List.<ServePeer>of()) {
        measure(peer, model, check).ifPresent(rows::addFramework);
      }
    }
    return new BenchReport("serve", Machine.describe(versions), rows.rows());
  }

  /** Ours, bare Pekko and ONNX Runtime, window by window. */
  private void raceCeilings(ServedModel model, AnswerCheck check, ServeRows rows) {
    List<Form> forms = ServeCase.forms(cases);
    double warmUpSeconds = WARM_UP_WINDOWS * request.windowSeconds();
    try (Lane ours = own(model, check);
        Lane bare = bare(ours, check);
        Contender inProcess = inProcess(model)) {
      forms.forEach(form -> check.all(ours.name(), ours.url(), form));
      versions.add(bare.version());
      versions.add(inProcess.version());
      Windows inProcessRate = new Windows();
      ours.warmUp(wrk, forms, warmUpSeconds);
      bare.warmUp(wrk, forms, warmUpSeconds);
      inProcess.rate(warmUpSeconds);
      for (ServeCase one : cases) {
        for (int round = 1; round <= ROUNDS; round++) {
          tell.accept(ours.measure(wrk, one, request.windowSeconds()));
          tell.accept(bare.measure(wrk, one, request.windowSeconds()));
        }
        inProcessRate.add(inProcess.rate(request.windowSeconds()));
      }
      rows.setCeilings(ours, bare, inProcessRate.median());
    }
  }

  private Lane own(ServedModel model, AnswerCheck check) {
    ServerProcess server = OwnServer.start(model.state(), log(OwnServer.NAME));
    return lane(server, "/v2/models/" + ServedModel.NAME + "/infer", check);
  }

  private Lane bare(Lane ours, AnswerCheck check) {
    Path json = folder.resolve("answer.json");
    Path binary = folder.resolve("answer.bin");
    try {
      Files.write(json, check.ask(ours.url(), Form.JSON.ask(List.of(Digit.of(0)))).body());
      Reply reply = check.ask(ours.url(), Form.BINARY.ask(List.of(Digit.of(0))));
      Files.write(binary, reply.body());
      List<String> command = JavaCommand.of(BareServer.class, json, binary, reply.jsonBytes());
      return switch (ServerProcess.start("pekko-http", command, Map.of(), log("pekko-http"))) {
        case Start.Listening(ServerProcess server) -> lane(server, "/", check);
        case Start.Absent(String reason) -> throw failure("pekko-http cannot run: " + reason);
      };
    } catch (IOException e) {
      throw failure("the answer for pekko-http cannot be had: " + e.getMessage());
    }
  }

  private Contender inProcess(ServedModel model) {
    Path file = folder.resolve("mlp.onnx");
    OnnxWriter.write(model, file);
    List<String> command = JavaCommand.of(InProcess.class, file, model.expected());
    return switch (Contender.start(
        "onnxruntime", command, InProcess.ENVIRONMENT, log("onnxruntime"))) {
      case Contender.Start.Ready(Contender contender) -> contender;
      case Contender.Start.Absent(String reason) ->
          throw failure("onnxruntime cannot run: " + reason);
    };
  }

  /** A server of Python, alone; empty where it is not there, which is told. */
  private Optional<Lane> measure(ServePeer peer, ServedModel model, AnswerCheck check) {
    List<String> command = peer.command(request.python(), folder, model);
    Start start;
    try {
      start = ServerProcess.start(peer.name(), command, ServePeer.environment(), log(peer.name()));
    } catch (EngineException e) {
      if (Thread.currentThread().isInterrupted()) {
        throw e;
      }
      start = new Start.Absent(e.getMessage());
    }
    return switch (start) {
      case Start.Listening(ServerProcess server) -> Optional.of(measure(server, check));
      case Start.Absent(String reason) -> {
        tell.accept(peer.absence(reason, request.python()));
        yield Optional.empty();
      }
    };
  }

  private Lane measure(ServerProcess server, AnswerCheck check) {
    try (Lane peer = lane(server, "/infer", check)) {
      check.all(peer.name(), peer.url(), Form.JSON);
      versions.add(peer.version());
      peer.warmUp(wrk, List.of(Form.JSON), WARM_UP_WINDOWS * request.windowSeconds());
      for (ServeCase one : cases.stream().filter(ServeBenchmark::isJson).toList()) {
        for (int round = 1; round <= ROUNDS; round++) {
          tell.accept(peer.measure(wrk, one, request.windowSeconds()));
        }
      }
      return peer;
    }
  }

  /** Waits for its first answer; the process ends where that is wrong. */
  private static Lane lane(ServerProcess server, String path, AnswerCheck check) {
    try {
      return Lane.of(server, path, check, Form.JSON);
    } catch (EngineException e) {
      server.close();
      throw e;
    }
  }

  private static boolean isJson(ServeCase one) {
    return one.form() == Form.JSON;
  }

  private Path log(String side) {
    return folder.resolve(side + ".log");
  }

  private static EngineException failure(String what) {
    return new EngineException(ErrorCode.RESOURCE, what);
  }
}
