package io.tidemill.cli;

import io.tidemill.cli.console.Console;
import io.tidemill.cli.pipeline.NamedPipeline;
import io.tidemill.cli.serve.ModelServer;
import io.tidemill.cluster.http.Api;
import io.tidemill.cluster.node.Node;
import io.tidemill.cluster.node.NodeOptions;
import io.tidemill.model.ModelStore;
import io.tidemill.serving.ServingConfig;
import io.tidemill.serving.access.AccessTokens;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code tidemill head}: a node that decides, and answers over HTTP. */
@Command(description = "Be a head of a cluster, until interrupted.", sortOptions = false)
final class HeadCommand implements Runnable {
  @Mixin private final NodeArguments arguments = new NodeArguments();

  @Option(names = "--http", paramLabel = "PORT", description = "Port for users, 8080.")
  int port = ServingConfig.defaults().port();

  @Option(
      names = "--http-host",
      paramLabel = "H",
      description = "Address for users, 127.0.0.1; any other wants TIDEMILL_TOKEN to be set.")
  String httpHost = ServingConfig.defaults().host();

  private final Console console;
  private final StopSignal stop;

  HeadCommand(Console console, StopSignal stop) {
    this.console = console;
    this.stop = stop;
  }

  @Override
  public void run() {
    arguments.endWithParent();
    AccessTokens tokens =
        AccessTokens.of(System.getenv()).sufficeOn("--http-host", httpHost, "running programs");
    NodeOptions options = arguments.options();
    ServingConfig config =
        ServePort.config("--http", port).with(change -> change.host(httpHost).tokens(tokens));
    try (Node node = Node.head(options)) {
      Api api = new Api(node.client(), node.address(), NamedPipeline::inCluster, options.state());
      try (ModelServer server =
          ModelServer.start(
              config, "--http", ModelStore.in(options.state()), console::tell, List.of(api))) {
        stop.asks(node::close);
        console.out().println("head " + node.address() + " answers at " + server.url());
        console.out().flush();
        node.awaitEnd();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
