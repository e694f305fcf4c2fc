package io.tidemill.benchmarks.scaling;

import java.util.Locale;

/**
 * How long the parts of a step take in one rank.
 *
 * @param shard seconds of a shard's gradient
 * @param sumSecondsPerByte of the tree sum, for each byte of each shard's gradient that it reads
 * @param updateSecondsPerByte of the optimiser, the norm included where it is wanted, for each byte
 *     of parameters
 */
record PartTimes(Quantiles shard, double sumSecondsPerByte, double updateSecondsPerByte) {

  @Override
  public String toString() {
    return String.format(
        Locale.ROOT,
        "a shard %s ms (its 0, 10, 25, 50, 75, 90, 99, 99.9 %%), sum %.0f, update %.0f us/MB",
        shard,
        1e12 * sumSecondsPerByte,
        1e12 * updateSecondsPerByte);
  }
}
