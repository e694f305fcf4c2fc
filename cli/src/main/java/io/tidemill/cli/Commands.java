package io.tidemill.cli;

import io.tidemill.cli.console.Console;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;
import picocli.CommandLine;

/**
 * The commands by name, in the order of the help.
 *
 * <p>Picocli reads each command that it is given by reflection, at every start. So it is given the
 * one that is called, and all only where the answer may be about all: no command, an unknown one,
 * an option before it.
 */
final class Commands {
  private final Map<String, Supplier<Runnable>> all = new LinkedHashMap<>();

  Commands(Console console, StopSignal stop) {
    all.put("run", () -> new RunCommand(console, stop));
    all.put("up", () -> new UpCommand(console, stop));
    all.put("head", () -> new HeadCommand(console, stop));
    all.put("worker", () -> new WorkerCommand(console, stop));
    all.put("submit", () -> new SubmitCommand(console));
    all.put("jobs", () -> new JobsCommand(console));
    all.put("job", () -> new JobCommand(console));
    all.put("serve", () -> new ServeCommand(console, stop));
    all.put("models", () -> new ModelsCommand(console));
    all.put("model", () -> new ModelCommand(console));
    all.put("bench", () -> new BenchCommand(console, stop));
    all.put("version", () -> new VersionCommand(console));
  }

  /** What understands these words. */
  CommandLine line(String... words) {
    CommandLine line = new CommandLine(new TidemillCommand());
    if (words.length > 0 && all.containsKey(words[0])) {
      line.addSubcommand(words[0], all.get(words[0]).get());
    } else {
      all.forEach((name, command) -> line.addSubcommand(name, command.get()));
    }
    return line.setExpandAtFiles(false);
  }
}
