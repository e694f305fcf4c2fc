package io.tidemill.benchmarks.train;

import io.tidemill.benchmarks.contender.Contender;
import io.tidemill.benchmarks.contender.Windows;
import java.util.Locale;
import java.util.OptionalDouble;

/** A side of a race with what has been measured of it. */
final class Lane implements AutoCloseable {
  private final Contender contender;
  private final Windows rates = new Windows();
  private OptionalDouble mebibytes = OptionalDouble.empty();

  Lane(Contender contender) {
    this.contender = contender;
  }

  /** Works without being measured; the peak of its memory is taken here, after one training. */
  void warmUp(double seconds) {
    contender.rate(seconds);
    mebibytes = contender.memoryMebibytes();
  }

  void measure(double seconds) {
    rates.add(contender.rate(seconds));
  }

  String name() {
    return contender.name();
  }

  String version() {
    return contender.version();
  }

  OptionalDouble mebibytes() {
    return mebibytes;
  }

  /** The median window. */
  double rate() {
    return rates.median();
  }

  /** The median with the slowest and the fastest window. */
  @Override
  public String toString() {
    return String.format(
        Locale.ROOT, "%s %.1f steps/s (%.1f to %.1f)", name(), rate(), rates.least(), rates.most());
  }

  @Override
  public void close() {
    contender.close();
  }
}
