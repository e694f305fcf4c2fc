package io.tidemill.benchmarks.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import io.tidemill.cluster.client.ApiClient;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.storage.DurableFiles;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * A cluster of this build, in a folder of its own, whose processes can be hurt. Confined to one
 * thread.
 */
abstract class TestCluster implements AutoCloseable {
  private static final long LOOK_MS = 20;

  private final Path state;

  /** In a new folder. */
  TestCluster() {
    try {
      state = Files.createTempDirectory("tidemill-bench");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The heads that may be asked at this moment. */
  abstract List<ApiClient> heads();

  /** The state directory of all nodes. */
  final Path state() {
    return state;
  }

  /** The id of a new job that learns drawn digits for so many steps. */
  final String submit(long steps, int workers) {
    Map<String, ?> spec =
        Map.of("pipeline", "digits", "params", Map.of("steps", "" + steps), "workers", workers);
    return ask(head -> head.post("/api/jobs", spec)).path("id").textValue();
  }

  final void scale(String id, int workers) {
    ask(head -> head.post("/api/jobs/" + id + "/scale", Map.of("workers", workers)));
  }

  final JsonNode job(String id) {
    return ask(head -> head.get("/api/jobs/" + id));
  }

  /** Looks at a job until it is as wanted; a head that is away is waited for. */
  final JsonNode await(String id, Predicate<JsonNode> wanted, long patienceNs) {
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
  final Optional<JsonNode> look(String id) {
    try {
      return Optional.of(job(id));
    } catch (EngineException e) {
      return Optional.empty();
    }
  }

  /** Process numbers of all members with a role, as far as they are known. */
  final List<Long> pids(String role) {
    try {
      return members()
          .filter(member -> member.path("role").asText().equals(role))
          .filter(member -> member.path("pid").isNumber())
          .map(member -> member.path("pid").longValue())
          .toList();
    } catch (EngineException e) {
      return List.of(); // the head is away
    }
  }

  /** The process of the worker that leads a job; 0 where it is not known. */
  final long leader(String id) {
    String name = job(id).path("placement").path(0).asText();
    return members()
        .filter(member -> member.path("id").asText().equals(name))
        .mapToLong(member -> member.path("pid").asLong())
        .findFirst()
        .orElse(0);
  }

  /** All nodes, as the head sees them. */
  final Stream<JsonNode> members() {
    return ask(head -> head.get("/api/cluster")).path("members").valueStream();
  }

  private JsonNode ask(Function<ApiClient, JsonNode> question) {
    EngineException refusal = new EngineException(ErrorCode.RESOURCE, "no head can be asked");
    for (ApiClient head : heads()) {
      try {
        return question.apply(head);
      } catch (EngineException e) {
        refusal = e; // another may know better
      }
    }
    throw refusal;
  }

  static void kill(long pid) {
    ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly);
  }

  /** Stops a process as {@code kill -STOP} does. */
  static void freeze(long pid) {
    signal("-STOP", pid);
  }

  /** Lets a process that was stopped go on. */
  static void thaw(long pid) {
    signal("-CONT", pid);
  }

  private static void signal(String which, long pid) {
    try {
      new ProcessBuilder("kill", which, Long.toString(pid)).start().waitFor();
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

  /** After its processes. */
  @Override
  public void close() {
    try {
      DurableFiles.deleteTree(state);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static EngineException interrupted(InterruptedException e) {
    Thread.currentThread().interrupt();
    return new EngineException(ErrorCode.RESOURCE, "the benchmark was interrupted", e);
  }
}
