package io.tidemill.cluster.local;

import com.fasterxml.jackson.databind.JsonNode;
import io.tidemill.cluster.client.ApiClient;
import io.tidemill.cluster.job.ProcessEnds;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.storage.DurableFiles;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A head and workers, each a process on this machine with this process's JVM, flags and class path.
 * Any thread may close it.
 */
public final class LocalCluster implements AutoCloseable {
  private static final String LOOPBACK = "127.0.0.1";
  private static final long LOOK_MS = 100;

  /**
   * A worker that was killed is started again after those that take over have begun: cores are few.
   */
  private static final long RESPITE_MS = 2_000;

  private final List<ChildProcess> children = new ArrayList<>();
  private final int workers;

  /**
   * Starts all processes.
   *
   * @param http port for users
   * @param news told in one sentence of each process that had to be started again
   */
  public LocalCluster(int workers, int http, Path state, Consumer<String> news) {
    this.workers = workers;
    forgetFormer(state);
    List<Integer> ports = freePorts(workers + 1);
    List<String> addresses = ports.stream().map(port -> LOOPBACK + ":" + port).toList();
    ProcessEnds ends = new ProcessEnds(state);
    Path logs = state.resolve("cluster").resolve("logs");
    for (int node = 0; node <= workers; node++) {
      String own = addresses.get(node);
      String others =
          addresses.stream()
              .filter(address -> !address.equals(own))
              .collect(Collectors.joining(","));
      String name = node == 0 ? "head" : "worker-" + node;
      List<String> words =
          node == 0
              ? List.of("head", "--http", Integer.toString(http))
              : List.of("worker", "--join", others, "--name", name);
      List<String> place =
          List.of(
              "--host",
              LOOPBACK,
              "--port",
              Integer.toString(ports.get(node)),
              "--state",
              state.toString());
      children.add(
          new ChildProcess(
              name,
              NodeCommand.of(Stream.concat(words.stream(), place.stream()).toList()),
              logs.resolve(name + ".log"),
              node > 0 && workers > 1 ? RESPITE_MS : 0,
              ends,
              news));
    }
  }

  /** Blocks until all nodes are members. */
  public void awaitUp(ApiClient client, long patienceNs) throws InterruptedException {
    long started = System.nanoTime();
    while (members(client) < workers + 1) {
      if (System.nanoTime() - started > patienceNs) {
        throw new EngineException(
            ErrorCode.RESOURCE,
            "the cluster is not complete after %d s: %d of %d nodes"
                .formatted(patienceNs / 1_000_000_000L, members(client), workers + 1));
      }
      TimeUnit.MILLISECONDS.sleep(LOOK_MS);
    }
  }

  /** Ends all processes, workers first. */
  @Override
  public void close() {
    children.reversed().parallelStream().forEach(ChildProcess::close);
  }

  private static long members(ApiClient client) {
    try {
      long up = 0;
      for (JsonNode member : client.get("/api/cluster").path("members")) {
        boolean isKnown = member.path("pid").isNumber();
        up += isKnown && member.path("status").asText().equals("up") ? 1 : 0;
      }
      return up;
    } catch (EngineException e) {
      return 0; // not there yet
    }
  }

  /** Nobody of a cluster that was here before lives any more: each ends with its parent. */
  private static void forgetFormer(Path state) {
    try {
      DurableFiles.deleteTree(state.resolve("cluster").resolve("members"));
    } catch (IOException e) {
      throw new EngineException(
          ErrorCode.RESOURCE, "--state " + state + " cannot be used: " + e, e);
    }
  }

  /** Held all at once, so that they differ. */
  private static List<Integer> freePorts(int count) {
    List<ServerSocket> sockets = new ArrayList<>();
    try {
      List<Integer> ports = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        sockets.add(socket);
        ports.add(socket.getLocalPort());
      }
      return ports;
    } catch (IOException e) {
      throw new EngineException(ErrorCode.RESOURCE, "no port is free: " + e, e);
    } finally {
      for (ServerSocket socket : sockets) {
        try {
          socket.close();
        } catch (IOException e) {
          // a port less to choose from
        }
      }
    }
  }
}
