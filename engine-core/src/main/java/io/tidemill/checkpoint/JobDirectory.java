package io.tidemill.checkpoint;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.storage.Names;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;

/**
 * The folder of a job that this process runs, held exclusively until it is closed.
 *
 * <p>Confined to the job's coordinating thread; {@link #events} may be shared.
 */
public final class JobDirectory implements AutoCloseable {
  private final Path folder;
  private final JobLock lock;
  private final EventLog events;
  private final CheckpointStore checkpoints;
  private JobRecord record;

  private JobDirectory(Path folder, JobLock lock, JobRecord record) throws IOException {
    this.folder = folder;
    this.lock = lock;
    this.record = record;
    record.write(folder.resolve(JobRecord.FILE));
    checkpoints = new CheckpointStore(folder, record);
    checkpoints.prepare();
    events = new EventLog(folder.resolve(EventLog.FILE));
  }

  /**
   * Begins a new run. Where the job exists, its checkpoints stay until newer ones replace them, and
   * numbers go on from theirs.
   *
   * @throws EngineException RESOURCE where another process runs the job
   */
  public static JobDirectory start(
      Path stateDir, String job, String pipeline, Map<String, String> params, long seed) {
    Path folder = folderOf(stateDir, job);
    return open(
        folder,
        job,
        previous -> {
          long generation = previous.map(JobRecord::generation).orElse(0L) + 1;
          String runId = UUID.randomUUID().toString().substring(0, 8);
          return new JobRecord(
              job,
              runId,
              generation,
              pipeline,
              params,
              seed,
              JobState.RUNNING,
              ProcessHandle.current().pid(),
              Instant.now());
        });
  }

  /**
   * Goes on with the run that the folder has.
   *
   * @throws EngineException NOT_FOUND where there is none; RESOURCE where another process runs it
   */
  public static JobDirectory resume(Path stateDir, String job) {
    Path folder = folderOf(stateDir, job);
    if (find(stateDir, job).isEmpty()) {
      throw new EngineException(
          ErrorCode.NOT_FOUND,
          "job " + job + " cannot be resumed: there is no " + folder.resolve(JobRecord.FILE));
    }
    return open(
        folder, job, previous -> previous.orElseThrow().nextAttempt(ProcessHandle.current().pid()));
  }

  /**
   * Has the next attempt at a job go on from an older checkpoint of its run.
   *
   * @return the checkpoint, under the number that it has now
   * @throws EngineException NOT_FOUND where there is no such job or checkpoint; CORRUPT_STATE where
   *     that is damaged; RESOURCE where a process runs the job
   */
  public static StoredCheckpoint goBack(Path stateDir, String job, long checkpoint) {
    Path folder = folderOf(stateDir, job);
    JobRecord record =
        find(stateDir, job)
            .orElseThrow(
                () ->
                    new EngineException(
                        ErrorCode.NOT_FOUND,
                        "job " + job + " has no checkpoint " + checkpoint + ": it never began"));
    try (JobLock _ = JobLock.tryAcquire(folder).orElseThrow(() -> held(folder, job))) {
      return new CheckpointStore(folder, record).repeat(checkpoint);
    } catch (IOException e) {
      throw unwritable(job, folder, e);
    }
  }

  /** What is known about a job, without holding it; empty where there is no such job. */
  public static Optional<JobRecord> find(Path stateDir, String job) {
    Path file = folderOf(stateDir, job).resolve(JobRecord.FILE);
    return Files.exists(file) ? Optional.of(JobRecord.read(file)) : Optional.empty();
  }

  /** Whether a process, this one included, runs the job at this moment. */
  public static boolean isHeld(Path stateDir, String job) {
    Path folder = folderOf(stateDir, job);
    if (!Files.isDirectory(folder)) {
      return false;
    }
    try {
      Optional<JobLock> lock = JobLock.tryAcquire(folder);
      if (lock.isPresent()) {
        lock.get().close();
      }
      return lock.isEmpty();
    } catch (IOException e) {
      throw unwritable(job, folder, e);
    }
  }

  /** All jobs of a state directory, by name. */
  public static List<JobRecord> list(Path stateDir) {
    Path jobs = stateDir.resolve("jobs");
    if (!Files.isDirectory(jobs)) {
      return List.of();
    }
    try (Stream<Path> folders = Files.list(jobs)) {
      return folders
          .map(folder -> folder.resolve(JobRecord.FILE))
          .filter(Files::exists)
          .sorted()
          .map(JobRecord::read)
          .toList();
    } catch (IOException e) {
      throw new EngineException(ErrorCode.RESOURCE, jobs + " cannot be listed: " + e, e);
    }
  }

  /** {@code <state>/jobs/<job>}. */
  public Path folder() {
    return folder;
  }

  public JobRecord record() {
    return record;
  }

  public CheckpointStore checkpoints() {
    return checkpoints;
  }

  public EventLog events() {
    return events;
  }

  /**
   * Writes how the job stands.
   *
   * @throws EngineException RESOURCE where a newer generation has taken the job over
   */
  public void mark(JobState state) {
    checkpoints.checkGeneration("state " + state);
    record = record.withState(state);
    try {
      record.write(folder.resolve(JobRecord.FILE));
    } catch (IOException e) {
      throw unwritable(record.job(), folder, e);
    }
  }

  /** Lets go of the folder; may be called again. */
  @Override
  public void close() {
    try (lock;
        events) {
      checkpoints.deleteSpare();
    } catch (IOException e) {
      throw unwritable(record.job(), folder, e);
    }
  }

  private interface Attempt {
    JobRecord after(Optional<JobRecord> previous);
  }

  private static JobDirectory open(Path folder, String job, Attempt attempt) {
    try {
      Files.createDirectories(folder);
      JobLock lock = JobLock.tryAcquire(folder).orElseThrow(() -> held(folder, job));
      try {
        Path file = folder.resolve(JobRecord.FILE);
        Optional<JobRecord> previous =
            Files.exists(file) ? Optional.of(JobRecord.read(file)) : Optional.empty();
        return new JobDirectory(folder, lock, attempt.after(previous));
      } catch (IOException | RuntimeException e) {
        lock.close();
        throw e;
      }
    } catch (IOException e) {
      throw unwritable(job, folder, e);
    }
  }

  private static EngineException held(Path folder, String job) {
    Path file = folder.resolve(JobRecord.FILE);
    String holder =
        Files.exists(file) ? "process " + JobRecord.read(file).pid() : "another process";
    return new EngineException(
        ErrorCode.RESOURCE,
        "job "
            + job
            + " is already run by "
            + holder
            + "; wait for it, stop it, or choose another --job");
  }

  private static EngineException unwritable(String job, Path folder, IOException e) {
    return new EngineException(
        ErrorCode.RESOURCE, "job " + job + " cannot use its folder " + folder + ": " + e, e);
  }

  private static Path folderOf(Path stateDir, String job) {
    return stateDir.resolve("jobs").resolve(Names.require("job", job));
  }
}
