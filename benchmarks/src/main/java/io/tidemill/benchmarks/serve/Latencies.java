package io.tidemill.benchmarks.serve;

import java.util.Arrays;

/** Latencies of requests, all of them. Confined to one thread. */
final class Latencies {
  private long[] ns = new long[1 << 12];
  private int count;

  void add(long latencyNs) {
    if (count == ns.length) {
      ns = Arrays.copyOf(ns, 2 * count);
    }
    ns[count++] = latencyNs;
  }

  int count() {
    return count;
  }

  /** What the given part of them does not exceed, in milliseconds; NaN without any. */
  double quantileMs(double part) {
    long[] sorted = Arrays.copyOf(ns, count);
    Arrays.sort(sorted);
    return count == 0 ? Double.NaN : sorted[Math.min(count - 1, (int) (part * count))] / 1e6;
  }
}
