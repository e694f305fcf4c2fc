package io.tidemill.cluster.node;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Where a node of the cluster stands.
 *
 * @param host address that the other nodes reach it at
 * @param port for other nodes; 0 lets the system pick one
 * @param seeds nodes to join, {@code host:port}; none for the first head
 * @param state the state directory, the same for all nodes
 * @param tls how nodes know each other; none where whoever reaches the port is trusted
 */
public record NodeOptions(
    String host, int port, List<String> seeds, Path state, Optional<NodeTls> tls) {
  private static final Pattern ADDRESS = Pattern.compile("[A-Za-z0-9._-]+:[0-9]{1,5}");

  public NodeOptions {
    seeds = List.copyOf(seeds);
    for (String seed : seeds) {
      if (!ADDRESS.matcher(seed).matches()) {
        throw new EngineException(
            ErrorCode.INVALID_ARGUMENT,
            "--join expects nodes as HOST:PORT, separated by commas, found " + seed);
      }
    }
  }

  /** Where other nodes reach it. */
  String address() {
    return host + ":" + port;
  }

  /** The address that its host means: data goes there by number. */
  InetAddress ip() {
    try {
      return InetAddress.getByName(host);
    } catch (UnknownHostException e) {
      throw new EngineException(
          ErrorCode.INVALID_ARGUMENT,
          "--host "
              + host
              + " has no address: give one of this machine that the other nodes reach it at",
          e);
    }
  }

  /** The same with a port that is free, where none is chosen. */
  NodeOptions withPort() {
    if (port != 0) {
      return this;
    }
    try (ServerSocket socket = new ServerSocket(0, 1, ip())) {
      return new NodeOptions(host, socket.getLocalPort(), seeds, state, tls);
    } catch (IOException e) {
      throw new EngineException(
          ErrorCode.RESOURCE,
          "--host %s: no port can be had there: %s; give an address of this machine"
              .formatted(host, e.getMessage()),
          e);
    }
  }
}
