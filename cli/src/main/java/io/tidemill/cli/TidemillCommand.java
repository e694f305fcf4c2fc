package io.tidemill.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/** What every command shares. */
@Command(
    name = "tidemill",
    description = "A dataflow engine that trains machine-learning models and serves them.",
    synopsisSubcommandLabel = "COMMAND")
final class TidemillCommand implements Runnable {
  @Spec CommandSpec spec;

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      scope = ScopeType.INHERIT,
      description = "Say how the command is used.")
  boolean isHelpWanted;

  /** Main looks for it before anything is parsed, since parsing may fail. */
  @Option(
      names = "--debug",
      scope = ScopeType.INHERIT,
      description = "Print the stack of a failure.")
  boolean isDebug;

  @Override
  public void run() {
    throw new ParameterException(
        spec.commandLine(),
        "expected a command, one of "
            + String.join(", ", spec.subcommands().keySet())
            + ", found none; see ./tidemill --help");
  }
}
