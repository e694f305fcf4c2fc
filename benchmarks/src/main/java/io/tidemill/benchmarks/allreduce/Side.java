package io.tidemill.benchmarks.allreduce;

import io.tidemill.benchmarks.contender.Contender;
import io.tidemill.benchmarks.contender.Windows;
import java.util.Locale;

/** A contender with what has been measured of it. */
final class Side implements AutoCloseable {
  private final Contender contender;
  private final Windows microseconds = new Windows();

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
    return microseconds.median();
  }

  /** The median with the fastest and the slowest window. */
  @Override
  public String toString() {
    return String.format(
        Locale.ROOT,
        "%s %.1f us (%.1f to %.1f)",
        name(),
        microseconds(),
        microseconds.least(),
        microseconds.most());
  }

  @Override
  public void close() {
    contender.close();
  }
}
