package io.tidemill.cluster.local;

import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** What starts a node: this process's JVM, flags and class path. */
public final class NodeCommand {
  /**
   * A node begins small and grows with its work; by default it would begin with a 64th of memory.
   */
  private static final String SMALL_HEAP = "-Xms24m";

  /** A JVM that has run out of memory may hang; its end can be told, and its jobs go on. */
  private static final String ENDS_OUT_OF_MEMORY = "-XX:+ExitOnOutOfMemoryError";

  private NodeCommand() {}

  /**
   * Starts a node that ends with this process, however that ends.
   *
   * @param words of the command, for example {@code worker --join 127.0.0.1:7400}
   */
  public static List<String> of(List<String> words) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
        .filter(argument -> !argument.startsWith("-Dtidemill."))
        .forEach(command::add);
    command.add(SMALL_HEAP);
    command.add(ENDS_OUT_OF_MEMORY);
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), "io.tidemill.cli.Main"));
    command.addAll(words);
    command.addAll(List.of("--parent", Long.toString(ProcessHandle.current().pid())));
    return command;
  }
}
