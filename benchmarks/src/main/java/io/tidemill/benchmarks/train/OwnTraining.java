package io.tidemill.benchmarks.train;

import io.tidemill.benchmarks.contender.Responder;
import io.tidemill.dsl.Params;
import io.tidemill.local.JobOptions;
import io.tidemill.local.LocalJob;
import io.tidemill.release.Release;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
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
    return RateMeter.measure(seconds, folder, this::job, LocalJob::run);
  }

  private LocalJob job(Path state) {
    JobOptions options =
        JobOptions.of(trainCase.name(), "bench", state)
            .withThreads(threads)
            .withDevice("cpu")
            .withSeed(SEED)
            .withCheckpointEvery(0);
    return LocalJob.define(trainCase.pipeline().get(), new Params(Map.of(), SEED), options);
  }
}
