package io.tidemill.benchmarks.allreduce;

import io.tidemill.benchmarks.contender.Contender;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** A contender with what has been measured of it. */
final class Side implements AutoCloseable {
  private final Contender contender;
  private final List<Double> microseconds = new ArrayList<>();

  Side(Contender contender) {
    this.contender = contender;
  }

  void warmUp(double seconds) {
    contender.rate(seconds);
  }

  void measure(double seconds) {
    microseconds.add(1e6 / contender.rate(seconds));
  }

  String name() {
    return contender.name();
  }

  String version() {
    return contender.version();
  }

  /** The median window. */
  double microseconds() {
    double[] sorted = sorted();
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }

  /** The median with the fastest and the slowest window. */
  @Override
  public String toString() {
    double[] sorted = sorted();
    return String.format(
        Locale.ROOT,
        "%s %.1f us (%.1f to %.1f)",
        name(),
        microseconds(),
        sorted[0],
        sorted[sorted.length - 1]);
  }

  @Override
  public void close() {
    contender.close();
  }

  private double[] sorted() {
    return microseconds.stream().mapToDouble(Double::doubleValue).sorted().toArray();
  }
}
