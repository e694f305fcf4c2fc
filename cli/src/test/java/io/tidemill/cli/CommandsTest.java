package io.tidemill.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemill.cli.console.Console;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

class CommandsTest {
  private static final List<String> ALL =
      List.of(
          "run", "up", "head", "worker", "submit", "jobs", "job", "serve", "models", "model",
          "bench", "version");

  private final StopSignal stop = StopSignal.install();
  private final Commands commands = new Commands(Console.ofProcess(false), stop);

  /** Else it waits for that when this JVM ends. */
  @AfterEach
  void endCommand() {
    stop.commandEnded();
  }

  @Test
  void makesOnlyTheCommandThatIsCalled() {
    CommandLine line = commands.line("run", "digits", "version");

    assertEquals(Set.of("run"), line.getSubcommands().keySet());
  }

  @Test
  void makesAllWhereNoneIsCalled() {
    assertEquals(ALL, names());
    assertEquals(ALL, names("--help"));
    assertEquals(ALL, names("--debug", "run"));
    assertEquals(ALL, names("rnu"));
  }

  @Test
  void namesTheCommandInItsUsage() {
    CommandLine run = commands.line("run", "--help").getSubcommands().get("run");

    assertTrue(run.getUsageMessage().startsWith("Usage: tidemill run ["), run.getUsageMessage());
  }

  private List<String> names(String... words) {
    return List.copyOf(commands.line(words).getSubcommands().keySet());
  }
}
