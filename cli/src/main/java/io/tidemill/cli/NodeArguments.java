package io.tidemill.cli;

import io.tidemill.cluster.node.NodeOptions;
import io.tidemill.cluster.node.NodeTls;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Option;

/** The words of a command that say where a node of the cluster stands. */
final class NodeArguments {
  @Option(
      names = "--host",
      paramLabel = "H",
      description = "Address that the other nodes reach this one at, 127.0.0.1.")
  String host = "127.0.0.1";

  @Option(
      names = "--port",
      paramLabel = "P",
      description = "Port for the other nodes; a free one where it is not given.")
  int port;

  @Option(
      names = "--join",
      paramLabel = "H:P",
      split = ",",
      description = "Nodes of the cluster; any that answers will do.")
  List<String> join = List.of();

  @Option(
      names = "--state",
      paramLabel = "DIR",
      description = "State directory, tidemill-state; the same for all nodes.")
  Path state = Path.of(JobArguments.DEFAULT_STATE);

  @Option(
      names = "--tls-cert",
      paramLabel = "PEM",
      description =
          "This node's certificate; nodes then talk by TLS only, with those of one authority.")
  Optional<Path> tlsCertificate = Optional.empty();

  @Option(names = "--tls-key", paramLabel = "PEM", description = "The key of --tls-cert, RSA.")
  Optional<Path> tlsKey = Optional.empty();

  @Option(
      names = "--tls-ca",
      paramLabel = "PEM",
      description = "The authority that has signed the certificates of all nodes.")
  Optional<Path> tlsAuthority = Optional.empty();

  @Option(names = "--parent", hidden = true, description = "Process that this one ends with.")
  Optional<Long> parent = Optional.empty();

  @Option(
      names = "--config",
      paramLabel = "FILE",
      description = "Options of this command, one name=value a line; those given here come first.")
  Optional<Path> config = Optional.empty();

  /** Reads and checks the files of TLS, where there are any. */
  NodeOptions options() {
    return new NodeOptions(
        host,
        port,
        join,
        state.toAbsolutePath().normalize(),
        NodeTls.of(tlsCertificate, tlsKey, tlsAuthority));
  }

  /** Has this process end when the one that started it does, however that ends. */
  void endWithParent() {
    parent
        .flatMap(ProcessHandle::of)
        .ifPresent(
            process ->
                Thread.ofPlatform()
                    .daemon()
                    .name("watch-parent")
                    .start(
                        () -> {
                          process.onExit().join();
                          System.exit(Failures.FAILED);
                        }));
  }
}
