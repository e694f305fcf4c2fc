package io.tidemill.cli;

import io.tidemill.cli.console.Console;
import io.tidemill.cli.pipeline.NamedPipeline;
import io.tidemill.cli.progress.ProgressView;
import io.tidemill.cli.report.TextReport;
import io.tidemill.cli.serve.JobEndpoints;
import io.tidemill.cli.serve.ModelServer;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.local.JobReport;
import io.tidemill.local.JsonReport;
import io.tidemill.local.LocalJob;
import io.tidemill.model.ModelStore;
import io.tidemill.serving.access.AccessTokens;
import io.tidemill.serving.http.PipelineRoutes;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code tidemill run}: a job in this process, and its models over HTTP where that is wanted. */
@Command(description = "Run a pipeline to its end.", sortOptions = false)
final class RunCommand implements Runnable {
  private static final int DEFAULT_PORT = 8080;

  @Mixin private final JobArguments arguments = new JobArguments();

  @Option(
      names = "--http",
      paramLabel = "PORT",
      description = "Serve the state directory's models on this port while the job runs.")
  Optional<Integer> port = Optional.empty();

  @Option(
      names = "--grpc",
      paramLabel = "PORT",
      description = "Serve them over gRPC on this port, too; wants --http or --serve.")
  Optional<Integer> grpc = Optional.empty();

  @Option(
      names = "--serve",
      description = "Go on serving after the job, until interrupted; on port 8080 without --http.")
  boolean isServing;

  @Option(
      names = "--json",
      description = "Print the report as one JSON object, the last line of standard output.")
  boolean isJson;

  @Option(names = "--quiet", description = "Show no progress.")
  boolean isQuiet;

  private final Console console;
  private final StopSignal stop;

  RunCommand(Console console, StopSignal stop) {
    this.console = console;
    this.stop = stop;
  }

  @Override
  public void run() {
    NamedPipeline pipeline = NamedPipeline.find(arguments.pipeline);
    JobRequest request = arguments.request(pipeline);
    LocalJob job = LocalJob.define(pipeline.definition(), request.params(), request.options());
    if (arguments.isFast) {
      console.tell("--fast runs as strict: there is no faster mode on this device yet");
    }
    Optional<Integer> wanted =
        port.or(() -> isServing ? Optional.of(DEFAULT_PORT) : Optional.empty());
    if (wanted.isEmpty() && grpc.isPresent()) {
      throw new EngineException(
          ErrorCode.INVALID_ARGUMENT,
          "--grpc "
              + grpc.get()
              + " serves models beside HTTP: expected --http PORT or --serve with it, found"
              + " neither");
    }
    if (wanted.isEmpty()) {
      run(job, request, Optional.empty());
      return;
    }
    try (ModelServer server = server(wanted.get(), job)) {
      run(job, request, Optional.of(server));
      server.refresh(); // the last version answers before anybody is told that it does
      if (isServing) {
        stop.asks(server::close);
        console.tell("serving at " + server.urls() + " until interrupted");
        server.awaitStop();
      }
    }
  }

  private ModelServer server(int onPort, LocalJob job) {
    ModelServer server =
        ModelServer.start(
            ServePort.withGrpc(
                ServePort.config("--http", onPort)
                    .with(change -> change.tokens(AccessTokens.of(System.getenv()))),
                grpc),
            "--http",
            ModelStore.in(arguments.state),
            console::tell,
            List.of(new PipelineRoutes(new JobEndpoints(job))));
    server.startFailures().forEach(failure -> console.tell(failure.getMessage()));
    if (!isQuiet) {
      console.tell("models are served at " + server.urls());
    }
    return server;
  }

  private void run(LocalJob job, JobRequest request, Optional<ModelServer> server) {
    stop.asks(() -> job.cancel(interrupted(request.options().job())));
    JobReport report;
    try (ProgressView view = ProgressView.on(console, isQuiet)) {
      report = job.run(new RunListener(view, server));
      view.finish();
    }
    if (isJson) {
      console.out().println(JsonReport.of(report));
    } else {
      console.out().print(TextReport.of(report, arguments.state));
    }
    console.out().flush();
  }

  private static EngineException interrupted(String job) {
    return new EngineException(
        ErrorCode.RESOURCE,
        "job "
            + job
            + " was interrupted; the same command with --resume goes on from its last"
            + " checkpoint");
  }
}
