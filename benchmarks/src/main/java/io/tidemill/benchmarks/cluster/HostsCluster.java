package io.tidemill.benchmarks.cluster;

import io.tidemill.benchmarks.network.Network;
import io.tidemill.cluster.client.ApiClient;
import io.tidemill.cluster.job.ProcessEnds;
import io.tidemill.cluster.local.ChildProcess;
import io.tidemill.cluster.local.NodeCommand;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.Collectors;

/**
 * Two heads, of which one stands by, and two workers of one slot, each on a host of its own, which
 * can be cut off. A process that ends, for whatever reason, is started again, as a StatefulSet
 * does. Confined to one thread.
 */
final class HostsCluster extends TestCluster {
  static final List<Integer> HEADS = List.of(1, 2);
  static final List<Integer> WORKERS = List.of(3, 4);
  private static final String PORT = "7400";
  private static final String HTTP = "8080";
  private static final long RESPITE_MS = 2_000;
  private static final long PATIENCE_NS = 60_000_000_000L;
  private static final long LOOK_MS = 100;

  private final String token = UUID.randomUUID().toString();
  private final Network network;
  private final Map<Integer, ChildProcess> nodes = new TreeMap<>();
  private final Map<Integer, ApiClient> clients = new TreeMap<>();
  private final Set<Integer> cutOff = new HashSet<>();

  /** Starts it and waits until it is complete. */
  HostsCluster() {
    try {
      network = new Network();
      for (int host = 1; host <= HEADS.size() + WORKERS.size(); host++) {
        network.addHost();
      }
    } catch (IOException e) {
      throw failed(e);
    }
    for (int host : HEADS) {
      start(host, "head", List.of("--http", HTTP, "--http-host", network.address(host)));
      clients.put(
          host, new ApiClient("http://" + network.address(host) + ":" + HTTP, Optional.of(token)));
    }
    WORKERS.forEach(host -> start(host, "worker", List.of("--slots", "1")));
    awaitUp();
  }

  @Override
  List<ApiClient> heads() {
    return HEADS.stream().filter(host -> !cutOff.contains(host)).map(clients::get).toList();
  }

  /** The process of a host's node; none before it is started again. */
  Optional<Long> pid(int host) {
    return ProcessHandle.of(nodes.get(host).pid())
        .filter(ProcessHandle::isAlive)
        .map(ProcessHandle::pid);
  }

  /** Nothing goes to or from a host until it is mended. */
  void cut(int host) {
    try {
      network.cut(host);
      cutOff.add(host);
    } catch (IOException e) {
      throw failed(e);
    }
  }

  void mend(int host) {
    try {
      network.heal(host);
      cutOff.remove(host);
    } catch (IOException e) {
      throw failed(e);
    }
  }

  @Override
  public void close() {
    clients.values().forEach(ApiClient::close);
    nodes.values().parallelStream().forEach(ChildProcess::close);
    try {
      network.close();
    } catch (IOException e) {
      throw failed(e);
    }
    super.close();
  }

  private void start(int host, String role, List<String> own) {
    String name = role + "-" + host;
    String heads =
        HEADS.stream()
            .filter(head -> head != host)
            .map(head -> network.address(head) + ":" + PORT)
            .collect(Collectors.joining(","));
    List<String> words = new ArrayList<>(List.of(role, "--join", heads));
    words.addAll(List.of("--host", network.address(host), "--port", PORT));
    words.addAll(List.of("--state", state().toString()));
    words.addAll(own);
    List<String> command = new ArrayList<>(List.of("env", "TIDEMILL_TOKEN=" + token));
    command.addAll(NodeCommand.of(words));
    nodes.put(
        host,
        new ChildProcess(
            name,
            network.on(host, command),
            state().resolve("cluster").resolve("logs").resolve(name + ".log"),
            RESPITE_MS,
            new ProcessEnds(state()),
            _ -> {}));
  }

  private void awaitUp() {
    long started = System.nanoTime();
    while (up() < nodes.size()) {
      if (System.nanoTime() - started > PATIENCE_NS) {
        throw new EngineException(
            ErrorCode.RESOURCE,
            "the cluster is not complete after %d s: %d of %d nodes"
                .formatted(PATIENCE_NS / 1_000_000_000L, up(), nodes.size()));
      }
      pause(LOOK_MS);
    }
  }

  private long up() {
    try {
      return members().filter(member -> member.path("status").asText().equals("up")).count();
    } catch (EngineException e) {
      return 0; // not there yet
    }
  }

  private static EngineException failed(IOException e) {
    return new EngineException(
        ErrorCode.RESOURCE, "the network between the hosts is not as wanted: " + e.getMessage(), e);
  }
}
