package io.tidemill.checkpoint;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.storage.DurableFiles;
import io.tidemill.storage.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/**
 * What {@code job.json} says about a job.
 *
 * @param job name of the job
 * @param runId the run; a resumed run keeps it, a fresh one has another
 * @param generation attempt; each start adds one, and an older attempt can no longer commit
 * @param pipeline example or class that was run
 * @param params its parameters
 * @param seed where everything random of it derives from
 * @param state how the job stands
 * @param pid process of the latest attempt
 * @param created when the run began
 */
public record JobRecord(
    String job,
    String runId,
    long generation,
    String pipeline,
    Map<String, String> params,
    long seed,
    JobState state,
    long pid,
    Instant created) {

  static final String FILE = "job.json";
  private static final ObjectMapper MAPPER = Json.mapper();

  public JobRecord {
    params = Collections.unmodifiableMap(new TreeMap<>(params));
  }

  static JobRecord read(Path file) {
    return parse(file, bytes(file));
  }

  static byte[] bytes(Path file) {
    try {
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw unreadable(file, e);
    }
  }

  /** What the bytes of {@code file} say. */
  static JobRecord parse(Path file, byte[] bytes) {
    try {
      return MAPPER.readValue(bytes, JobRecord.class);
    } catch (JsonProcessingException e) {
      throw new EngineException(
          ErrorCode.CORRUPT_STATE, file + " does not describe a job: " + Json.reason(e), e);
    } catch (IOException e) {
      throw unreadable(file, e);
    }
  }

  void write(Path file) throws IOException {
    DurableFiles.replace(file, Json.pretty(MAPPER).writeValueAsBytes(this));
  }

  JobRecord withState(JobState newState) {
    return new JobRecord(job, runId, generation, pipeline, params, seed, newState, pid, created);
  }

  JobRecord nextAttempt(long newPid) {
    return new JobRecord(
        job, runId, generation + 1, pipeline, params, seed, JobState.RUNNING, newPid, created);
  }

  private static EngineException unreadable(Path file, IOException e) {
    return new EngineException(ErrorCode.RESOURCE, file + " cannot be read: " + e, e);
  }
}
