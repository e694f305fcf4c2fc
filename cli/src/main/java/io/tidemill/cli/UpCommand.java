package io.tidemill.cli;

import io.tidemill.cli.console.Console;
import io.tidemill.cluster.client.ApiClient;
import io.tidemill.cluster.local.LocalCluster;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.serving.ServingConfig;
import io.tidemill.serving.access.AccessTokens;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code tidemill up}: a whole cluster on this machine. */
@Command(
    description = {
      "Run a head and workers on this machine, until interrupted;",
      "one that is killed is started again."
    },
    sortOptions = false)
final class UpCommand implements Runnable {
  private static final long PATIENCE_NS = 60_000_000_000L;

  @Option(names = "--workers", paramLabel = "N", description = "Worker processes, 2.")
  int workers = 2;

  @Option(names = "--http", paramLabel = "PORT", description = "Port for users, 8080.")
  int port = ServingConfig.defaults().port();

  @Option(names = "--state", paramLabel = "DIR", description = "State directory, tidemill-state.")
  Path state = Path.of(JobArguments.DEFAULT_STATE);

  private final Console console;
  private final StopSignal stop;

  UpCommand(Console console, StopSignal stop) {
    this.console = console;
    this.stop = stop;
  }

  @Override
  public void run() {
    if (workers < 1) {
      throw new EngineException(
          ErrorCode.INVALID_ARGUMENT, "--workers has to be at least 1, is " + workers);
    }
    ServePort.config("--http", port);
    int http = free(port);
    stop.asks(Thread.currentThread()::interrupt);
    String url = "http://127.0.0.1:" + http;
    try (LocalCluster cluster =
            new LocalCluster(workers, http, state.toAbsolutePath().normalize(), console::tell);
        ApiClient client =
            new ApiClient(url, Optional.ofNullable(System.getenv(AccessTokens.ADMIN_VARIABLE)))) {
      cluster.awaitUp(client, PATIENCE_NS);
      console.out().println("a head and " + workers + " workers are up at " + url);
      console.out().println("next: ./tidemill submit digits --wait --head " + url);
      console.out().flush();
      new CountDownLatch(1).await(); // until interrupted
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /**
   * The port, or a free one where it is 0; a head that cannot have it would be started for ever.
   */
  private static int free(int port) {
    try (ServerSocket socket = new ServerSocket()) {
      socket.setReuseAddress(true); // as the head does
      socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
      return socket.getLocalPort();
    } catch (IOException e) {
      throw new EngineException(
          ErrorCode.INVALID_ARGUMENT,
          "--http %d: port %d on 127.0.0.1 cannot be had (%s); choose another port"
              .formatted(port, port, e.getMessage()),
          e);
    }
  }
}
