package io.tidemill.cli;

import io.tidemill.cli.console.Console;
import io.tidemill.cli.serve.ModelServer;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.model.ModelStore;
import io.tidemill.serving.ServingConfig;
import io.tidemill.serving.access.AccessTokens;
import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code tidemill serve}: published models and ONNX ones over HTTP, until interrupted. */
@Command(description = "Serve published models and ONNX models over HTTP until interrupted.")
final class ServeCommand implements Runnable {
  @Parameters(
      paramLabel = "<state-or-model-dir|file.onnx>",
      description =
          "A state directory; the folder of models, as Triton lays them out, of a model or of a"
              + " version; or an ONNX file.")
  Path models = Path.of("");

  @Option(names = "--port", paramLabel = "P", description = "Port, 8080; 0 for a free one.")
  int port = ServingConfig.defaults().port();

  @Option(
      names = "--host",
      paramLabel = "H",
      description = "Address to listen on, 127.0.0.1; any other wants TIDEMILL_TOKEN to be set.")
  String host = ServingConfig.defaults().host();

  @Option(
      names = "--grpc",
      paramLabel = "P",
      description = "Answer over gRPC on this port, too; 0 for a free one.")
  Optional<Integer> grpc = Optional.empty();

  private final Console console;
  private final StopSignal stop;

  ServeCommand(Console console, StopSignal stop) {
    this.console = console;
    this.stop = stop;
  }

  @Override
  public void run() {
    AccessTokens tokens =
        AccessTokens.of(System.getenv()).sufficeOn("--host", host, "changing what is served");
    ServingConfig config =
        ServePort.withGrpc(
            ServePort.config("--port", port).with(change -> change.host(host).tokens(tokens)),
            grpc);
    ModelStore store = ModelStore.at(models);
    if (store.models().isEmpty()) {
      throw new EngineException(
          ErrorCode.NOT_FOUND,
          "there is no model in "
              + models
              + " yet; a run publishes one, as in ./tidemill run"
              + " digits --state "
              + models);
    }
    try (ModelServer server = ModelServer.start(config, "--port", store, console::tell)) {
      refuseNothing(server);
      stop.asks(server::close);
      console.out().println("serving " + server.models() + " at " + server.urls());
      console.out().flush();
      server.awaitStop();
    }
  }

  /** With some models loaded the others are told of; with none there is nothing to serve. */
  private void refuseNothing(ModelServer server) {
    if (server.models().isEmpty()) {
      throw server.startFailures().getFirst();
    }
    server.startFailures().forEach(failure -> console.tell(failure.getMessage()));
  }
}
