package io.tidemill.local;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.train.CheckpointPolicy;
import java.nio.file.Path;

/**
 * How a job is run, beside what it does.
 *
 * @param job its name, under which the state directory keeps it
 * @param pipeline what was asked for, an example's name or a class; for the record
 * @param state the state directory
 * @param workers workers in this process; {@link #AS_DECLARED} leaves it to the pipeline
 * @param threads threads of all workers together
 * @param device {@code auto}, {@code cpu} or {@code cuda}
 * @param resume whether to go on from the last checkpoint
 * @param checkpoints when a training has checkpoints taken
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
    CheckpointPolicy checkpoints,
    long seed) {
  /** As many workers as the trainings of the pipeline are declared to be shared by. */
  public static final int AS_DECLARED = 0;

  /** Every two seconds, when nothing is said. */
  public static final CheckpointPolicy CHECKPOINTS = new CheckpointPolicy.EveryNs(2_000_000_000L);

  public JobOptions {
    atLeast(AS_DECLARED, workers, "workers");
    atLeast(1, threads, "threads");
  }

  /** One worker with a thread per core. */
  public static JobOptions of(String job, String pipeline, Path state) {
    int cores = Runtime.getRuntime().availableProcessors();
    return new JobOptions(job, pipeline, state, 1, cores, "auto", false, CHECKPOINTS, 1);
  }

  public JobOptions withWorkers(int workers) {
    return new JobOptions(
        job, pipeline, state, workers, threads, device, resume, checkpoints, seed);
  }

  public JobOptions withThreads(int threads) {
    return new JobOptions(
        job, pipeline, state, workers, threads, device, resume, checkpoints, seed);
  }

  public JobOptions withDevice(String device) {
    return new JobOptions(
        job, pipeline, state, workers, threads, device, resume, checkpoints, seed);
  }

  public JobOptions withResume(boolean resume) {
    return new JobOptions(
        job, pipeline, state, workers, threads, device, resume, checkpoints, seed);
  }

  /** After so many steps; 0 is at the end only. */
  public JobOptions withCheckpointEvery(long steps) {
    atLeast(0, steps, "checkpoint-every");
    CheckpointPolicy every =
        steps == 0 ? new CheckpointPolicy.AtEnd() : new CheckpointPolicy.EverySteps(steps);
    return new JobOptions(job, pipeline, state, workers, threads, device, resume, every, seed);
  }

  public JobOptions withSeed(long seed) {
    return new JobOptions(
        job, pipeline, state, workers, threads, device, resume, checkpoints, seed);
  }

  private static void atLeast(long least, long value, String name) {
    if (value < least) {
      throw new EngineException(
          ErrorCode.INVALID_ARGUMENT,
          "--" + name + " has to be at least " + least + ", is " + value);
    }
  }
}
