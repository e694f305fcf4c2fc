package io.tidemill.benchmarks.serve;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * What a process and all that it has started take of the machine, as {@code /proc} tells it. A
 * process that ends meanwhile counts as nothing.
 *
 * @param root the first of them
 */
record ProcessUse(ProcessHandle root) {
  private static final Path PROC = Path.of("/proc");

  /** Of {@code /proc/PID/stat}; fixed on Linux, whatever the kernel's own ticks are. */
  private static final double TICKS_A_SECOND = 100;

  private static final double KIBIBYTES = 1024;

  /** Behind the name in parentheses, which may hold blanks: utime and stime. */
  private static final int UTIME = 11;

  private static final int STIME = 12;

  /** Seconds of processor time so far, user and system. */
  double cpuSeconds() {
    return all().stream().mapToDouble(ProcessUse::cpuSeconds).sum();
  }

  /**
   * Resident memory in MiB. Of several processes the sum of what is theirs alone and their share of
   * the rest ({@code Pss}): what they share counts once.
   */
  double residentMebibytes() {
    List<ProcessHandle> all = all();
    return all.size() == 1
        ? field(all.getFirst(), "status", "VmRSS:")
        : all.stream().mapToDouble(one -> field(one, "smaps_rollup", "Pss:")).sum();
  }

  /** Ticks of one line of {@code /proc/PID/stat}. */
  static double cpuSeconds(String stat) {
    String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
    return (Long.parseLong(fields[UTIME]) + Long.parseLong(fields[STIME])) / TICKS_A_SECOND;
  }

  private List<ProcessHandle> all() {
    return Stream.concat(Stream.of(root), root.descendants()).toList();
  }

  private static double cpuSeconds(ProcessHandle process) {
    try {
      return cpuSeconds(Files.readString(file(process, "stat")));
    } catch (IOException e) {
      return 0;
    }
  }

  private static double field(ProcessHandle process, String file, String name) {
    try (Stream<String> lines = Files.lines(file(process, file))) {
      return lines
          .filter(line -> line.startsWith(name))
          .mapToDouble(line -> Double.parseDouble(line.replaceAll("\\D", "")) / KIBIBYTES)
          .findFirst()
          .orElse(0);
    } catch (IOException e) {
      return 0;
    }
  }

  private static Path file(ProcessHandle process, String name) {
    return PROC.resolve(Long.toString(process.pid())).resolve(name);
  }
}
