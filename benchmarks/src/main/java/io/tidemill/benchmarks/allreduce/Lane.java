package io.tidemill.benchmarks.allreduce;

import java.util.Locale;

/** Which way vectors take between the ranks of our side. */
enum Lane {
  /** Threads of one process. */
  THREADS,
  /** Processes that share memory. */
  ARENA,
  /** Processes that share a media driver. */
  IPC,
  /** Processes with a media driver each, over loopback. */
  UDP;

  String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  static Lane labelled(String label) {
    return valueOf(label.toUpperCase(Locale.ROOT));
  }
}
