package io.tidemill.benchmarks.allreduce;

import java.util.List;

/**
 * How much is summed.
 *
 * @param label for people: {@code 64KB}
 * @param bytes of one rank's vector
 */
record Size(String label, int bytes) {
  static final List<Size> ALL =
      List.of(
          new Size("1KB", 1 << 10),
          new Size("64KB", 64 << 10),
          new Size("4MB", 4 << 20),
          new Size("100MB", 100 << 20));
}
