package io.tidemill.benchmarks.scaling;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;

/**
 * How measured durations are spread: what a given part of them lies below, straight lines between.
 *
 * <p>Their slowest thousandth counts as the time that it begins with: on a machine that others use
 * it is theirs.
 *
 * @param seconds at each of {@link #AT}, ascending
 */
record Quantiles(List<Double> seconds) {
  /** The parts. */
  static final List<Double> AT = List.of(0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 0.999);

  Quantiles {
    seconds = List.copyOf(seconds);
  }

  /** All of the same length. */
  static Quantiles always(double seconds) {
    return new Quantiles(AT.stream().map(_ -> seconds).toList());
  }

  static Quantiles of(double[] durations) {
    double[] sorted = durations.clone();
    Arrays.sort(sorted);
    return new Quantiles(AT.stream().map(part -> sorted[(int) (part * sorted.length)]).toList());
  }

  double median() {
    return seconds.get(AT.indexOf(0.5));
  }

  /** A duration, as likely as it was measured. */
  double draw(RandomGenerator random) {
    double part = random.nextDouble();
    int above = 1;
    while (above < AT.size() && AT.get(above) <= part) {
      above++;
    }
    if (above == AT.size()) {
      return seconds.getLast();
    }
    double from = AT.get(above - 1);
    double share = (part - from) / (AT.get(above) - from);
    return seconds.get(above - 1) + share * (seconds.get(above) - seconds.get(above - 1));
  }

  /** In milliseconds. */
  @Override
  public String toString() {
    return seconds.stream()
        .map(one -> String.format(Locale.ROOT, "%.3f", 1e3 * one))
        .collect(Collectors.joining(" "));
  }
}
