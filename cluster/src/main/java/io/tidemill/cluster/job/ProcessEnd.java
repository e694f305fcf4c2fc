package io.tidemill.cluster.job;

import java.util.Map;

/**
 * How a process ended, as whoever started it has seen.
 *
 * @param pid its number
 * @param startedMs when it began, as in {@link HostProcess}
 * @param exitCode of the process; above 128 the signal that ended it, and 128
 */
public record ProcessEnd(long pid, long startedMs, int exitCode) {
  /** What a JVM with {@code -XX:+ExitOnOutOfMemoryError} ends with. */
  public static final int OUT_OF_MEMORY = 3;

  private static final int SIGNAL = 128;
  private static final Map<Integer, String> SIGNALS =
      Map.of(
          1, "SIGHUP", 2, "SIGINT", 3, "SIGQUIT", 4, "SIGILL", 6, "SIGABRT", 7, "SIGBUS", 8,
          "SIGFPE", 9, "SIGKILL", 11, "SIGSEGV", 15, "SIGTERM");

  /** Whether a signal ended it. */
  public boolean wasSignalled() {
    return exitCode > SIGNAL;
  }

  /** What is said of a process of which only that is known. */
  public static String unexplained(long pid) {
    return "process " + pid + " has ended";
  }

  /** For people: {@code process 123 was ended by SIGKILL (exit code 137)}. */
  public String sentence() {
    String how;
    if (wasSignalled()) {
      int signal = exitCode - SIGNAL;
      how = "was ended by " + SIGNALS.getOrDefault(signal, "signal " + signal);
    } else {
      how = exitCode == OUT_OF_MEMORY ? "ran out of memory" : "has ended by itself";
    }
    return "process %d %s (exit code %d)".formatted(pid, how, exitCode);
  }
}
