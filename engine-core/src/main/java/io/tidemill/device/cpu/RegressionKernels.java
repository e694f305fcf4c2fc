package io.tidemill.device.cpu;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import java.lang.foreign.MemorySegment;

/**
 * Mean squared error and Huber's loss of outputs [samples, n] against labels of as many numbers,
 * and their gradients; sums in double, in order. Samples of weight 0 are not read.
 */
final class RegressionKernels {
  private final int samples;
  private final int n;

  /**
   * Where Huber's loss becomes linear; infinity for the mean squared error, which is not halved.
   */
  private final double delta;

  private final double factor;

  private RegressionKernels(int samples, int n, double delta, double factor) {
    this.samples = samples;
    this.n = n;
    this.delta = delta;
    this.factor = factor;
  }

  static RegressionKernels meanSquared(int samples, int n) {
    return new RegressionKernels(samples, n, Double.POSITIVE_INFINITY, 2);
  }

  static RegressionKernels huber(int samples, int n, float delta) {
    return new RegressionKernels(samples, n, delta, 1);
  }

  void loss(MemorySegment x, MemorySegment labels, MemorySegment weights, MemorySegment out) {
    double loss = 0;
    for (int sample = 0; sample < samples; sample++) {
      float weight = weights.getAtIndex(JAVA_FLOAT, sample);
      if (weight != 0) {
        double sum = 0;
        for (long i = (long) sample * n; i < (sample + 1L) * n; i++) {
          sum += term((double) x.getAtIndex(JAVA_FLOAT, i) - labels.getAtIndex(JAVA_FLOAT, i));
        }
        loss += weight * (factor * sum / n);
      }
    }
    out.set(JAVA_FLOAT, 0, (float) loss);
  }

  /** dx = weight dLoss / n times the difference, or delta with its sign; 0 for weight 0. */
  void gradient(
      MemorySegment x,
      MemorySegment labels,
      MemorySegment weights,
      MemorySegment dLoss,
      MemorySegment out) {
    double upstream = dLoss.get(JAVA_FLOAT, 0);
    for (int sample = 0; sample < samples; sample++) {
      float weight = weights.getAtIndex(JAVA_FLOAT, sample);
      double scale = weight * upstream * factor / n;
      for (long i = (long) sample * n; i < (sample + 1L) * n; i++) {
        double d = (double) x.getAtIndex(JAVA_FLOAT, i) - labels.getAtIndex(JAVA_FLOAT, i);
        double slope = Math.min(Math.max(d, -delta), delta);
        out.setAtIndex(JAVA_FLOAT, i, weight == 0 ? 0 : (float) (scale * slope));
      }
    }
  }

  /** d²/2, or delta (|d| - delta/2) where |d| is above delta. */
  private double term(double d) {
    double size = Math.abs(d);
    return size > delta ? delta * (size - delta / 2) : d * d / 2;
  }
}
