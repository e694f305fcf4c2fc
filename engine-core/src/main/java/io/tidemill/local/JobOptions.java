package io.tidemill.local;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.nio.file.Path;

/**
 * How a job is run, beside what it does.
 *
 * @param job its name, under which the state directory keeps it
 * @param pipeline what was asked for, an example's name or a class; for the record
 * @param state the state directory
 * @param workers workers in this process
 * @param threads threads of all workers together
 * @param device {@code auto}, {@code cpu} or {@code cuda}
 * @param resume whether to go on from the last checkpoint
 * @param checkpointEvery training steps between checkpoints, 0 for the last one only
 * @param seed where everything random derives from
 */
public record JobOptions(
    String job,
    String pipeline,
    Path state,
    int workers,
    int threads,
    String device,
    boolean resume,
    long checkpointEvery,
    long seed) {
  /** Steps between checkpoints when nothing is said. */
  public static final long CHECKPOINT_EVERY = 100;

  public JobOptions {
    atLeast(1, workers, "workers");
    atLeast(1, threads, "threads");
    atLeast(0, checkpointEvery, "checkpoint-every");
  }

  /** One worker with a thread per core. */
  public static JobOptions of(String job, String pipeline, Path state) {
    int cores = Runtime.getRuntime().availableProcessors();
    return new JobOptions(job, pipeline, state, 1, cores, "auto", false, CHECKPOINT_EVERY, 1);
  }

  public JobOptions withWorkers(int workers) {
    return new JobOptions(
        job, pipeline, state, workers, threads, device, resume, checkpointEvery, seed);
  }

  public JobOptions withThreads(int threads) {
    return new JobOptions(
        job, pipeline, state, workers, threads, device, resume, checkpointEvery, seed);
  }

  public JobOptions withDevice(String device) {
    return new JobOptions(
        job, pipeline, state, workers, threads, device, resume, checkpointEvery, seed);
  }

  public JobOptions withResume(boolean resume) {
    return new JobOptions(
        job, pipeline, state, workers, threads, device, resume, checkpointEvery, seed);
  }

  public JobOptions withCheckpointEvery(long steps) {
    return new JobOptions(job, pipeline, state, workers, threads, device, resume, steps, seed);
  }

  public JobOptions withSeed(long seed) {
    return new JobOptions(
        job, pipeline, state, workers, threads, device, resume, checkpointEvery, seed);
  }

  private static void atLeast(long least, long value, String name) {
    if (value < least) {
      throw new EngineException(
          ErrorCode.INVALID_ARGUMENT,
          "--" + name + " has to be at least " + least + ", is " + value);
    }
  }
}
