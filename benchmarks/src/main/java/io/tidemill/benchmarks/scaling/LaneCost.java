package io.tidemill.benchmarks.scaling;

import java.util.List;
import java.util.Locale;

/**
 * What a message costs on a lane, {@code alpha + beta bytes} (Hockney 1994): while it lasts, its
 * sender sends and its receiver receives nothing else.
 *
 * @param alpha seconds of a message of no length
 * @param beta seconds for each byte more
 */
record LaneCost(double alpha, double beta) {

  /** A measured all-reduce. */
  record Measured(int bytes, double seconds) {}

  /**
   * From all-reduces of two ranks: each sends the other half of its vector, to be summed, and then
   * the half that it has summed, at the same time as the other, so that an all-reduce of n bytes
   * takes {@code 2 alpha + n beta}. What summing takes is in beta.
   *
   * <p>Least squares of the relative errors: the small sizes, which tell alpha, count as much as
   * the large ones, which tell beta. An alpha that comes out negative is 0.
   */
  static LaneCost fit(List<Measured> allReduces) {
    double ones = 0; // sums over all sizes of 1, n and n² by t², and of 1 and n by t
    double bytes = 0;
    double squares = 0;
    double inverses = 0;
    double rates = 0;
    for (Measured one : allReduces) {
      double n = one.bytes;
      double t = one.seconds;
      ones += 1 / (t * t);
      bytes += n / (t * t);
      squares += n * n / (t * t);
      inverses += 1 / t;
      rates += n / t;
    }
    double determinant = ones * squares - bytes * bytes;
    double constant = (inverses * squares - rates * bytes) / determinant;
    return constant > 0
        ? new LaneCost(constant / 2, (rates * ones - inverses * bytes) / determinant)
        : new LaneCost(0, rates / squares);
  }

  /** Of a message. */
  double seconds(double bytes) {
    return alpha + beta * bytes;
  }

  /** What the fit gives beyond what was measured, as a part of it. */
  double residual(Measured measured) {
    return (2 * alpha + beta * measured.bytes) / measured.seconds - 1;
  }

  @Override
  public String toString() {
    return String.format(Locale.ROOT, "alpha %.2f us, beta %.1f us/MB", 1e6 * alpha, 1e12 * beta);
  }
}
