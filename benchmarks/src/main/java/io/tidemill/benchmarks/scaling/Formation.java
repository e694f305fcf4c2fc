package io.tidemill.benchmarks.scaling;

import java.util.Locale;

/** Who trains together in a measurement: processes of one thread, each on a core of its own. */
enum Formation {
  /** One process, the batch of {@code bench train}. */
  ONE(1, 1),
  /** Strong scaling: two processes share that batch. */
  STRONG(2, 1),
  /** Weak scaling: two processes, twice that batch in twice the shards. */
  WEAK(2, 2);

  private final int processes;
  private final int batches;

  Formation(int processes, int batches) {
    this.processes = processes;
    this.batches = batches;
  }

  int processes() {
    return processes;
  }

  /** How many times the batch of one process a step takes. */
  int batches() {
    return batches;
  }

  /** For example {@code strong-mlp}. */
  String caseName(String network) {
    return name().toLowerCase(Locale.ROOT) + "-" + network;
  }
}
