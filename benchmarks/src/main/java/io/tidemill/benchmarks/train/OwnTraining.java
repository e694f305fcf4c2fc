package io.tidemill.benchmarks.train;

import io.tidemill.benchmarks.contender.Responder;
import io.tidemill.release.Release;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** Our side of a case, in a process of its own. Checkpoints are off: peers take none either. */
public final class OwnTraining {
  private OwnTraining() {}

  /** Arguments: case, threads, a folder to write into. */
  public static void main(String[] args) throws IOException {
    PrintStream out =
        new PrintStream(new FileOutputStream(FileDescriptor.out), false, StandardCharsets.UTF_8);
    System.setOut(System.err); // answers alone go to standard output
    TrainingWindow window =
        new TrainingWindow(
            CasePipeline.of(args[0]), Integer.parseInt(args[1]), 0, Path.of(args[2]));
    new Responder(out, window::rate).serve("tidemill", Release.version(), System.in);
    System.exit(0);
  }
}
