package io.tidemill.cluster.node;

import java.nio.file.Path;
import java.util.List;

/**
 * Where a node of the cluster stands.
 *
 * @param host address that the other nodes reach it at
 * @param port for other nodes; 0 lets the system pick one
 * @param seeds nodes to join, {@code host:port}; none for the first head
 * @param state the state directory, the same for all nodes
 */
public record NodeOptions(String host, int port, List<String> seeds, Path state) {
  public NodeOptions {
    seeds = List.copyOf(seeds);
  }
}
