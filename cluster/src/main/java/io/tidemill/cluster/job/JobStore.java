package io.tidemill.cluster.job;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.storage.DurableFiles;
import io.tidemill.storage.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * What the head must not forget, in the state directory: {@code jobs/<id>/submission.json}, and how
 * often a head has begun, {@code cluster/epoch}.
 *
 * <p>Confined to the head.
 */
public final class JobStore {
  private static final String FILE = "submission.json";
  private static final ObjectMapper MAPPER = Json.mapper();

  private final Path state;

  public JobStore(Path state) {
    this.state = state;
  }

  /** All jobs that were ever submitted, in that order. */
  public List<Job> load() {
    Path jobs = state.resolve("jobs");
    if (!Files.isDirectory(jobs)) {
      return List.of();
    }
    try (Stream<Path> folders = Files.list(jobs)) {
      return folders
          .map(folder -> folder.resolve(FILE))
          .filter(Files::exists)
          .map(JobStore::read)
          .sorted(Comparator.comparingLong(Job::number))
          .toList();
    } catch (IOException e) {
      throw new EngineException(ErrorCode.RESOURCE, jobs + " cannot be listed: " + e, e);
    }
  }

  /** Makes the job durable as it stands. */
  public void put(Job job) {
    Path folder = state.resolve("jobs").resolve(job.id());
    try {
      Files.createDirectories(folder);
      DurableFiles.replace(folder.resolve(FILE), Json.pretty(MAPPER).writeValueAsBytes(job));
    } catch (IOException e) {
      throw new EngineException(
          ErrorCode.RESOURCE, "job " + job.id() + " cannot be kept in " + folder + ": " + e, e);
    }
  }

  /** Whether a folder of this name is taken, by a job of any kind. */
  public boolean isTaken(String id) {
    return Files.exists(state.resolve("jobs").resolve(id));
  }

  /** The number of the newest head; 0 where there was none. */
  public long epoch() {
    Path file = epochFile();
    try {
      return Files.exists(file) ? Long.parseLong(Files.readString(file).strip()) : 0L;
    } catch (IOException | NumberFormatException e) {
      throw new EngineException(ErrorCode.CORRUPT_STATE, file + " cannot be counted on: " + e, e);
    }
  }

  /** A number above that of every head before. */
  public long nextEpoch() {
    Path file = epochFile();
    try {
      Files.createDirectories(file.getParent());
      long next = epoch() + 1;
      DurableFiles.replace(file, Long.toString(next).getBytes(StandardCharsets.US_ASCII));
      return next;
    } catch (IOException e) {
      throw new EngineException(ErrorCode.RESOURCE, file + " cannot be written: " + e, e);
    }
  }

  private Path epochFile() {
    return state.resolve("cluster").resolve("epoch");
  }

  private static Job read(Path file) {
    try {
      return MAPPER.readValue(Files.readAllBytes(file), Job.class);
    } catch (JsonProcessingException e) {
      throw new EngineException(
          ErrorCode.CORRUPT_STATE, file + " does not describe a job: " + Json.reason(e), e);
    } catch (IOException e) {
      throw new EngineException(ErrorCode.RESOURCE, file + " cannot be read: " + e, e);
    }
  }
}
