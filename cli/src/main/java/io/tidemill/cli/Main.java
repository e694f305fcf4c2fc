package io.tidemill.cli;

import io.tidemill.cli.console.Console;
import java.util.List;
import picocli.CommandLine;

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
      return commandLine(console, stop)
          .setParameterExceptionHandler(failures)
          .setExecutionExceptionHandler(failures)
          .execute(ConfigFile.expand(args));
    } catch (Throwable e) { // Errors pass through picocli, and a stack is no answer to a user.
      return failures.report(e);
    }
  }

  private static CommandLine commandLine(Console console, StopSignal stop) {
    CommandLine commands = new CommandLine(new TidemillCommand());
    commands.addSubcommand(new RunCommand(console, stop));
    commands.addSubcommand(new UpCommand(console, stop));
    commands.addSubcommand(new HeadCommand(console, stop));
    commands.addSubcommand(new WorkerCommand(console, stop));
    commands.addSubcommand(new SubmitCommand(console));
    commands.addSubcommand(new JobsCommand(console));
    commands.addSubcommand(new JobCommand(console));
    commands.addSubcommand(new ServeCommand(console, stop));
    commands.addSubcommand(new ModelsCommand(console));
    commands.addSubcommand(new ModelCommand(console));
    commands.addSubcommand(new BenchCommand(console, stop));
    commands.addSubcommand(new VersionCommand(console));
    return commands.setExpandAtFiles(false);
  }
}
