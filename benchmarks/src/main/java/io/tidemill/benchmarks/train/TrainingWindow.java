package io.tidemill.benchmarks.train;

import io.tidemill.dsl.Params;
import io.tidemill.local.JobOptions;
import io.tidemill.local.LocalJob;
import java.nio.file.Path;
import java.util.Map;

/**
 * Steps per second of a training in this process: a job as {@code tidemill run} runs one, strict,
 * which is cancelled when it has been measured.
 *
 * @param pipeline what is trained
 * @param threads of the job
 * @param checkpointEvery steps; 0 for none
 * @param folder where the state directory of each job goes
 */
record TrainingWindow(CasePipeline<?> pipeline, int threads, int checkpointEvery, Path folder) {
  private static final long SEED = 1;

  /** Measures for so long. */
  double rate(double seconds) {
    return RateMeter.measure(seconds, folder, this::job, LocalJob::run);
  }

  private LocalJob job(Path state) {
    JobOptions options =
        JobOptions.of("window", "bench", state)
            .withThreads(threads)
            .withDevice("cpu")
            .withSeed(SEED)
            .withCheckpointEvery(checkpointEvery);
    return LocalJob.define(pipeline, new Params(Map.of(), SEED), options);
  }
}
