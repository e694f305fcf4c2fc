package io.tidemill.cli;

import io.tidemill.cli.console.Console;
import io.tidemill.cli.pipeline.NamedPipeline;
import io.tidemill.cluster.node.Node;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code tidemill worker}: a node that runs what the head gives it. */
@Command(description = "Be a worker of a cluster, until interrupted.", sortOptions = false)
final class WorkerCommand implements Runnable {
  @Mixin private final NodeArguments arguments = new NodeArguments();

  @Option(names = "--name", paramLabel = "NAME", description = "What people call it.")
  Optional<String> name = Optional.empty();

  @Option(
      names = "--slots",
      paramLabel = "N",
      description = "Ranks that it takes, one per core but at least 2.")
  int slots = Math.max(2, Runtime.getRuntime().availableProcessors());

  private final Console console;
  private final StopSignal stop;

  WorkerCommand(Console console, StopSignal stop) {
    this.console = console;
    this.stop = stop;
  }

  @Override
  public void run() {
    if (slots < 1) {
      throw new EngineException(
          ErrorCode.INVALID_ARGUMENT, "--slots has to be at least 1, is " + slots);
    }
    if (arguments.join.isEmpty()) {
      throw new EngineException(
          ErrorCode.INVALID_ARGUMENT,
          "--join is missing: name a node of the cluster, as HOST:PORT");
    }
    arguments.endWithParent();
    try (Node node =
        Node.worker(
            arguments.options(),
            name.orElse("worker-" + ProcessHandle.current().pid()),
            slots,
            List.of("cpu"),
            NamedPipeline::inCluster)) {
      stop.asks(node::close);
      console.out().println("worker " + node.address() + " with " + slots + " slots");
      console.out().flush();
      node.awaitEnd();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
