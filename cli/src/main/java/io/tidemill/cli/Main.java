package io.tidemill.cli;

import io.tidemill.cli.console.Console;
import java.util.List;

/** The {@code tidemill} command: where the process starts and ends. */
public final class Main {
  private Main() {}

  /** Runs one command and exits: 0 done, 1 failed, 2 wrong usage or bad input. */
  public static void main(String[] args) {
    StandardError.restore();
    Console console = Console.ofProcess(List.of(args).contains("--debug"));
    StopSignal stop = StopSignal.install();
    int code = execute(console, stop, args);
    stop.commandEnded();
    System.exit(code);
  }

  private static int execute(Console console, StopSignal stop, String[] args) {
    Failures failures = new Failures(console);
    try {
      String[] words = ConfigFile.expand(args);
      return new Commands(console, stop)
          .line(words)
          .setParameterExceptionHandler(failures)
          .setExecutionExceptionHandler(failures)
          .execute(words);
    } catch (Throwable e) { // Errors pass through picocli, and a stack is no answer to a user.
      return failures.report(e);
    }
  }
}
