package io.tidemill.benchmarks.report;

import io.tidemill.release.Release;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What figures were measured on, in a line. */
public final class Machine {
  private static final Path PROCESSORS = Path.of("/proc/cpuinfo");

  private Machine() {}

  /**
   * This machine and what runs on it.
   *
   * @param peers name and version of each peer
   */
  public static String describe(Collection<String> peers) {
    return Stream.concat(
            Stream.of(
                processor(),
                Runtime.getRuntime().availableProcessors() + " cores",
                System.getProperty("os.name") + " " + System.getProperty("os.version"),
                "java " + System.getProperty("java.version"),
                "tidemill " + Release.version()),
            peers.stream())
        .collect(Collectors.joining(", "));
  }

  private static String processor() {
    try (Stream<String> lines = Files.lines(PROCESSORS)) {
      return lines
          .filter(line -> line.startsWith("model name"))
          .map(line -> line.substring(line.indexOf(':') + 1).strip())
          .findFirst()
          .orElseGet(() -> System.getProperty("os.arch"));
    } catch (IOException e) {
      return System.getProperty("os.arch"); // not Linux
    }
  }
}
