package io.tidemill.cli;

import io.tidemill.cli.console.Console;
import io.tidemill.error.EngineException;
import picocli.CommandLine;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/** Turns what a command threw into one line and an exit code (design, section 12). */
final class Failures implements IParameterExceptionHandler, IExecutionExceptionHandler {
  static final int FAILED = 1;
  static final int BAD_INPUT = 2;

  private final Console console;

  Failures(Console console) {
    this.console = console;
  }

  @Override
  public int handleParseException(ParameterException e, String[] args) {
    return report(e);
  }

  @Override
  public int handleExecutionException(Exception e, CommandLine command, ParseResult parsed) {
    return report(e);
  }

  /** Says what happened; the exit code. */
  int report(Throwable failure) {
    console.tell(sentence(failure));
    if (console.isDebug()) {
      failure.printStackTrace(console.err());
    }
    return code(failure);
  }

  private String sentence(Throwable failure) {
    return switch (failure) {
      case EngineException e -> e.getMessage();
      case ParameterException e -> Usage.sentence(e);
      default -> failure + (console.isDebug() ? "" : "; run again with --debug for the stack");
    };
  }

  private static int code(Throwable failure) {
    return switch (failure) {
      case EngineException e -> e.code().isInput() ? BAD_INPUT : FAILED;
      case ParameterException _ -> BAD_INPUT;
      default -> FAILED;
    };
  }
}
