package io.tidemill.benchmarks.train;

import io.tidemill.dsl.Params;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.local.JobOptions;
import io.tidemill.local.LocalJob;
import io.tidemill.storage.DurableFiles;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
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
    try {
      Path state = Files.createTempDirectory(folder, "window");
      try {
        return rate(seconds, state);
      } finally {
        DurableFiles.deleteTree(state);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private double rate(double seconds, Path state) {
    JobOptions options =
        JobOptions.of("window", "bench", state)
            .withThreads(threads)
            .withDevice("cpu")
            .withSeed(SEED)
            .withCheckpointEvery(checkpointEvery);
    LocalJob job = LocalJob.define(pipeline, new Params(Map.of(), SEED), options);
    EngineException measured = new EngineException(ErrorCode.RESOURCE, "measured");
    RateMeter meter = new RateMeter(seconds, () -> job.cancel(measured));
    try {
      job.run(meter);
    } catch (EngineException e) {
      if (e != measured) {
        throw e;
      }
    }
    return meter.rate();
  }
}
