package io.tidemill.cli.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import io.tidemill.cli.console.Console;
import io.tidemill.cli.progress.ProgressView;
import io.tidemill.cluster.client.ApiClient;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.local.JobListener.Progress;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;

/**
 * Watches a job of a cluster to its end. A head that does not answer for a while is waited for: the
 * job goes on without it. Confined to one thread.
 */
public final class JobFollower {
  private static final long LOOK_MS = 100;
  private static final long HEAD_PATIENCE_NS = 60_000_000_000L;

  private final ApiClient client;
  private final Console console;
  private final boolean isQuiet;

  public JobFollower(ApiClient client, Console console, boolean isQuiet) {
    this.client = client;
    this.console = console;
    this.isQuiet = isQuiet;
  }

  /**
   * The report of a job that has finished.
   *
   * @throws EngineException USER_CODE where it has not, with the reason
   */
  public JsonNode await(String id) {
    try (ProgressView view = ProgressView.on(console, isQuiet)) {
      String reason = "";
      while (true) {
        JsonNode job = look(id);
        String state = job.path("state").asText();
        if (state.equals("FINISHED")) {
          view.finish();
          return job.path("report");
        }
        if (state.equals("FAILED") || state.equals("CANCELLED")) {
          throw new EngineException(
              ErrorCode.USER_CODE,
              "job "
                  + id
                  + (state.equals("FAILED") ? " failed: " : ": ")
                  + job.path("reason").asText());
        }
        String now = text(job, "reason").orElseGet(() -> text(job, "lastFailure").orElse(""));
        if (!now.isEmpty() && !now.equals(reason)) {
          view.tell("job " + id + ": " + now);
        }
        reason = now;
        if (job.path("progress").isObject()) {
          view.show(progress(job.path("progress")));
        }
        pause();
      }
    }
  }

  /** The job as it stands, when a head answers. */
  JsonNode look(String id) {
    long since = System.nanoTime();
    while (true) {
      try {
        return client.get("/api/jobs/" + id);
      } catch (EngineException e) {
        if (e.code() != ErrorCode.RESOURCE || System.nanoTime() - since > HEAD_PATIENCE_NS) {
          throw e;
        }
        pause();
      }
    }
  }

  private static Optional<String> text(JsonNode job, String field) {
    return Optional.ofNullable(job.path(field).textValue());
  }

  private static Progress progress(JsonNode json) {
    JsonNode total = json.path("totalSteps");
    JsonNode loss = json.path("loss");
    return new Progress(
        0,
        OptionalLong.empty(),
        0,
        0,
        json.path("step").asLong(),
        total.isNumber() ? OptionalLong.of(total.longValue()) : OptionalLong.empty(),
        json.path("samples").asLong(),
        0,
        loss.isNumber() ? OptionalDouble.of(loss.doubleValue()) : OptionalDouble.empty(),
        json.path("samplesPerSecond").asDouble());
  }

  static void pause() {
    try {
      TimeUnit.MILLISECONDS.sleep(LOOK_MS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new EngineException(ErrorCode.RESOURCE, "interrupted while waiting for the job", e);
    }
  }
}
