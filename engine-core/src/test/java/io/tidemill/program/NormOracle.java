package io.tidemill.program;

import java.util.Arrays;

/** Norms over rows and over batches, and regression losses, in double by the plainest loops. */
final class NormOracle {
  private NormOracle() {}

  static double[] rms(double[] row, double epsilon) {
    double rms = rootMeanSquare(row, epsilon);
    return Arrays.stream(row).map(a -> a / rms).toArray();
  }

  static double[] rmsGradient(double[] row, double[] dy, double epsilon) {
    double rms = rootMeanSquare(row, epsilon);
    double dot = 0;
    for (int i = 0; i < row.length; i++) {
      dot += row[i] * dy[i] / rms / row.length;
    }
    double[] dx = new double[row.length];
    for (int i = 0; i < row.length; i++) {
      dx[i] = (dy[i] - row[i] / rms * dot) / rms;
    }
    return dx;
  }

  private static double rootMeanSquare(double[] row, double epsilon) {
    return Math.sqrt(Arrays.stream(row).map(a -> a * a).average().orElseThrow() + epsilon);
  }

  /** The share of each row in the weights of all rows. */
  private static double[] shares(double[] weights, int rows) {
    double total = Arrays.stream(weights).sum();
    int positions = rows / weights.length;
    double[] shares = new double[rows];
    Arrays.setAll(shares, row -> total == 0 ? 0 : weights[row / positions] / total / positions);
    return shares;
  }

  static double[] batchMean(double[] x, double[] weights, int n) {
    double[] shares = shares(weights, x.length / n);
    double[] mean = new double[n];
    for (int i = 0; i < x.length; i++) {
      mean[i % n] += shares[i / n] * x[i];
    }
    return mean;
  }

  static double[] batchVariance(double[] x, double[] mean, double[] weights) {
    int n = mean.length;
    double[] shares = shares(weights, x.length / n);
    double[] variance = new double[n];
    for (int i = 0; i < x.length; i++) {
      double d = x[i] - mean[i % n];
      variance[i % n] += shares[i / n] * d * d;
    }
    return variance;
  }

  static double[] normalize(double[] x, double[] mean, double[] variance, double epsilon) {
    double[] out = new double[x.length];
    for (int i = 0; i < x.length; i++) {
      int feature = i % mean.length;
      out[i] = (x[i] - mean[feature]) / Math.sqrt(variance[feature] + epsilon);
    }
    return out;
  }

  /** Operands x, mean, variance, weights, dy. */
  static double[] batchGradient(double[][] in, double epsilon) {
    double[] x = in[0];
    double[] dy = in[4];
    int n = in[1].length;
    double[] standardised = normalize(x, in[1], in[2], epsilon);
    double[] shares = shares(in[3], x.length / n);
    double[] sums = new double[n];
    double[] dots = new double[n];
    for (int i = 0; i < x.length; i++) {
      sums[i % n] += dy[i];
      dots[i % n] += dy[i] * standardised[i];
    }
    double[] dx = new double[x.length];
    for (int i = 0; i < x.length; i++) {
      double pull = shares[i / n] * (sums[i % n] + standardised[i] * dots[i % n]);
      dx[i] = (dy[i] - pull) / Math.sqrt(in[2][i % n] + epsilon);
    }
    return dx;
  }

  /** Operands x, labels, weights; delta of infinity for the mean squared error. */
  static double regression(double[][] in, double delta) {
    double loss = 0;
    int n = in[0].length / in[2].length;
    for (int i = 0; i < in[0].length; i++) {
      double d = Math.abs(in[0][i] - in[1][i]);
      double term =
          Double.isInfinite(delta) ? d * d : d <= delta ? d * d / 2 : delta * (d - delta / 2);
      loss += in[2][i / n] * term / n;
    }
    return loss;
  }

  static double[] regressionGradient(double[][] in, double delta) {
    int n = in[0].length / in[2].length;
    double[] dx = new double[in[0].length];
    for (int i = 0; i < dx.length; i++) {
      double d = in[0][i] - in[1][i];
      double slope = Double.isInfinite(delta) ? 2 * d : Math.clamp(d, -delta, delta);
      dx[i] = in[3][0] * in[2][i / n] * slope / n;
    }
    return dx;
  }
}
