package io.tidemill.benchmarks.contender;

import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/** The command line of a JVM as this one is: same Java, flags and class path. */
public final class JavaCommand {
  private JavaCommand() {}

  /** Runs a class with arguments, of which the text is taken. */
  public static List<String> of(Class<?> main, Object... arguments) {
    return of(main.getName(), arguments);
  }

  /** Runs a class that is known by its name only. */
  public static List<String> of(String main, Object... arguments) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
        .filter(JavaCommand::isOfEveryProcess)
        .forEach(command::add);
    command.add("-cp");
    command.add(System.getProperty("java.class.path"));
    command.add(main);
    Arrays.stream(arguments).map(Object::toString).forEach(command::add);
    return command;
  }

  /** What the launcher says to this process alone, and tools that watch it, is left out. */
  private static boolean isOfEveryProcess(String flag) {
    return Stream.of("-Dtidemill.", "-agent", "-javaagent").noneMatch(flag::startsWith);
  }
}
