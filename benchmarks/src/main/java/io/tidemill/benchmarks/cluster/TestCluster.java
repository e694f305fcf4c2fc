package io.tidemill.benchmarks.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import io.tidemill.cluster.client.ApiClient;
import io.tidemill.cluster.local.LocalCluster;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.storage.DurableFiles;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Predicate;

/**
 * A head and two workers of this build, in a folder of their own, whose processes can be killed.
 * Confined to one thread.
 */
final class TestCluster implements AutoCloseable {
  private static final int WORKERS = 2;
  private static final long PATIENCE_NS = 60_000_000_000L;
  private static final long LOOK_MS = 20;

  private final Path state;
  private final LocalCluster cluster;
  private final ApiClient api;

  /** Starts it and waits until it is complete. */
  TestCluster(Consumer<String> tell) {
    try {
      state = Files.createTempDirectory("tidemill-bench");
      int port = freePort();
      cluster = new LocalCluster(WORKERS, port, state, tell);
      api = new ApiClient("http://127.0.0.1:" + port, Optional.empty());
      cluster.awaitUp(api, PATIENCE_NS);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw interrupted(e);
    }
  }

  /** The id of a new job that learns drawn digits for so many steps. */
  String submit(long steps, int workers) {
    Map<String, ?> spec =
        Map.of("pipeline", "digits", "params", Map.of("steps", "" + steps), "workers", workers);
    return api.post("/api/jobs", spec).path("id").textValue();
  }

  void scale(String id, int workers) {
    api.post("/api/jobs/" + id + "/scale", Map.of("workers", workers));
  }

  JsonNode job(String id) {
    return api.get("/api/jobs/" + id);
  }

  /** Looks at a job until it is as wanted; a head that is away is waited for. */
  JsonNode await(String id, Predicate<JsonNode> wanted, long patienceNs) {
    long started = System.nanoTime();
    while (true) {
      Optional<JsonNode> job = look(id);
      if (job.isPresent() && wanted.test(job.get())) {
        return job.get();
      }
      if (System.nanoTime() - started > patienceNs) {
        throw new EngineException(
            ErrorCode.INTERNAL,
            "job %s has not come as far as expected in %d s: %s"
                .formatted(id, patienceNs / 1_000_000_000L, job.orElse(null)));
      }
      pause(LOOK_MS);
    }
  }

  /** The job, where the head answers. */
  Optional<JsonNode> look(String id) {
    try {
      return Optional.of(job(id));
    } catch (EngineException e) {
      return Optional.empty();
    }
  }

  /** Process numbers of all members with a role, as far as they are known. */
  List<Long> pids(String role) {
    try {
      return api.get("/api/cluster")
          .path("members")
          .valueStream()
          .filter(member -> member.path("role").asText().equals(role))
          .filter(member -> member.path("pid").isNumber())
          .map(member -> member.path("pid").longValue())
          .toList();
    } catch (EngineException e) {
      return List.of(); // the head is away
    }
  }

  /** The process of the worker that leads a job; 0 where it is not known. */
  long leader(String id) {
    String name = job(id).path("placement").path(0).asText();
    return api.get("/api/cluster")
        .path("members")
        .valueStream()
        .filter(member -> member.path("id").asText().equals(name))
        .mapToLong(member -> member.path("pid").asLong())
        .findFirst()
        .orElse(0);
  }

  static void kill(long pid) {
    ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly);
  }

  /** Stops a process as {@code kill -STOP} does; nobody lets it go on. */
  static void freeze(long pid) {
    try {
      new ProcessBuilder("kill", "-STOP", Long.toString(pid)).start().waitFor();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw interrupted(e);
    }
  }

  static void pause(long milliseconds) {
    try {
      TimeUnit.MILLISECONDS.sleep(milliseconds);
    } catch (InterruptedException e) {
      throw interrupted(e);
    }
  }

  @Override
  public void close() {
    api.close();
    cluster.close();
    try {
      DurableFiles.deleteTree(state);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  private static EngineException interrupted(InterruptedException e) {
    Thread.currentThread().interrupt();
    return new EngineException(ErrorCode.RESOURCE, "the benchmark was interrupted", e);
  }
}
