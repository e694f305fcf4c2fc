package io.tidemill.benchmarks.cluster;

import io.tidemill.cluster.client.ApiClient;
import io.tidemill.cluster.local.LocalCluster;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.List;
import java.util.Optional;

/** A head and two workers on this host, as {@code tidemill up} starts them. */
final class OneHostCluster extends TestCluster {
  private static final int WORKERS = 2;
  private static final long PATIENCE_NS = 60_000_000_000L;

  private final LocalCluster cluster;
  private final ApiClient api;

  /** Starts it and waits until it is complete. */
  OneHostCluster() {
    try {
      int port = freePort();
      cluster = new LocalCluster(WORKERS, port, state(), _ -> {});
      api = new ApiClient("http://127.0.0.1:" + port, Optional.empty());
      cluster.awaitUp(api, PATIENCE_NS);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw interrupted(e);
    }
  }

  @Override
  List<ApiClient> heads() {
    return List.of(api);
  }

  @Override
  public void close() {
    api.close();
    cluster.close();
    super.close();
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }
}
