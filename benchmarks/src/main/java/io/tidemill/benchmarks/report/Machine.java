package io.tidemill.benchmarks.report;

import io.tidemill.release.Release;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What figures were measured on, in a line. */
public final class Machine {
  /** Load of a core above which measurements of others are felt. */
  private static final double BUSY = 0.4;

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

  /** A sentence where other processes keep the cores busy, so that figures say little. */
  public static Optional<String> busy() {
    var system = ManagementFactory.getOperatingSystemMXBean();
    double load = system.getSystemLoadAverage(); // negative where the system does not tell
    int cores = system.getAvailableProcessors();
    return load < BUSY * cores
        ? Optional.empty()
        : Optional.of(
            String.format(
                Locale.ROOT,
                "other processes keep this machine busy (load %.1f on %d cores): figures and ratios"
                    + " will say little",
                load,
                cores));
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
