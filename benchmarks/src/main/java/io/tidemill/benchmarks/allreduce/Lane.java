package io.tidemill.benchmarks.allreduce;

import java.util.Locale;

/** Which way vectors take between the ranks of our side. */
public enum Lane {
  /** Threads of one process. */
  THREADS,
  /** Processes that share memory. */
  ARENA,
  /** Processes that share a media driver. */
  IPC,
  /** Processes with a media driver each, over loopback. */
  UDP;

  /** Its name in lower case, as cases of the benchmark have it. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  static Lane labelled(String label) {
    return valueOf(label.toUpperCase(Locale.ROOT));
  }
}
