package io.tidemill.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** Real processes of the command: the launcher's flags and this build's classes. */
final class Tidemill {
  static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
  private static final Duration PATIENCE = Duration.ofMinutes(4);
  private static final String JVM_WARNING = "WARNING: Using incubator modules";

  private final Path folder;
  private int started;

  /** Processes run in this folder; what they print is kept beside it. */
  Tidemill(Path folder) {
    this.folder = folder;
  }

  /** What a process left behind; the JVM's own warning, which the launcher filters, left out. */
  record Outcome(int exit, List<String> out, List<String> err) {
    String lastLine() {
      return out.getLast();
    }

    String onlyError() {
      if (err.size() != 1) {
        throw new AssertionError("expected one line on standard error, found " + this);
      }
      return err.getFirst();
    }
  }

  /** A process that runs. */
  record Running(Process process, Path out, Path err) {
    Outcome await() throws IOException, InterruptedException {
      if (!process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
        process.destroyForcibly();
        throw new AssertionError("still running after " + PATIENCE + ": " + Files.readString(err));
      }
      return new Outcome(process.exitValue(), Files.readAllLines(out), lines(err));
    }

    /** Waits until the condition holds; fails where the process ends before. */
    void awaitUntil(String what, BooleanSupplier condition)
        throws IOException, InterruptedException {
      long deadline = System.nanoTime() + PATIENCE.toNanos();
      while (!condition.getAsBoolean()) {
        if (!process.isAlive() || System.nanoTime() > deadline) {
          throw new AssertionError("never came: " + what + ": " + lines(out) + lines(err));
        }
        process.waitFor(20, TimeUnit.MILLISECONDS); // a step of waiting that ends with the process
      }
    }

    private static List<String> lines(Path file) throws IOException {
      return Files.readAllLines(file).stream()
          .filter(line -> !line.startsWith(JVM_WARNING))
          .toList();
    }
  }

  Outcome run(String... words) throws IOException, InterruptedException {
    return start(words).await();
  }

  Running start(String... words) throws IOException {
    return start(command(words));
  }

  /** The words that start it. */
  static List<String> command(String... words) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("@" + ROOT.resolve("jvm.flags"));
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), "io.tidemill.cli.Main"));
    command.addAll(List.of(words));
    return command;
  }

  Running start(List<String> command) throws IOException {
    started++;
    Path out = folder.resolve("out-" + started + ".txt");
    Path err = folder.resolve("err-" + started + ".txt");
    Process process =
        new ProcessBuilder(command)
            .directory(folder.toFile())
            .redirectOutput(out.toFile())
            .redirectError(err.toFile())
            .start();
    return new Running(process, out, err);
  }
}
