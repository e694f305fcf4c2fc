package io.tidemill.benchmarks.train;

import io.tidemill.benchmarks.contender.Responder;
import io.tidemill.dsl.Params;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.local.JobOptions;
import io.tidemill.local.LocalJob;
import io.tidemill.release.Release;
import io.tidemill.storage.DurableFiles;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/**
 * Our side of a case, in a process of its own: each window is a job as {@code tidemill run} runs
 * one, strict, which is cancelled when it has been measured.
 *
 * <p>Checkpoints are off: peers take none either.
 */
public final class OwnTraining {
  private static final long SEED = 1;

  private final TrainCase trainCase;
  private final int threads;

  /** Where the state directory of each window's job goes. */
  private final Path folder;

  private OwnTraining(TrainCase trainCase, int threads, Path folder) {
    this.trainCase = trainCase;
    this.threads = threads;
    this.folder = folder;
  }

  /** Arguments: case, threads, a folder to write into. */
  public static void main(String[] args) throws IOException {
    PrintStream out =
        new PrintStream(new FileOutputStream(FileDescriptor.out), false, StandardCharsets.UTF_8);
    System.setOut(System.err); // answers alone go to standard output
    OwnTraining training =
        new OwnTraining(TrainCase.named(args[0]), Integer.parseInt(args[1]), Path.of(args[2]));
    new Responder(out, training::rate).serve("tidemill", Release.version(), System.in);
    System.exit(0);
  }

  private double rate(double seconds) {
    try {
      Path state = Files.createTempDirectory(folder, trainCase.name());
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
        JobOptions.of(trainCase.name(), "bench", state)
            .withThreads(threads)
            .withDevice("cpu")
            .withSeed(SEED)
            .withCheckpointEvery(0);
    LocalJob job = LocalJob.define(trainCase.pipeline().get(), new Params(Map.of(), SEED), options);
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
