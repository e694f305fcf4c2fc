package io.tidemill.device.cpu;

import static io.tidemill.device.cpu.Lanes.BYTES;
import static io.tidemill.device.cpu.Lanes.FLOAT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;

/**
 * Statistics of each feature of x [samples, positions, n] and normalising by them; float32, sums in
 * double, in row order.
 *
 * <p>A sample counts by its weight, which its positions share evenly; one of weight 0 is not even
 * read for a statistic. Owns scratch space for one shape: one for each instruction.
 */
final class BatchNormKernels {
  private static final int MEAN = 0;
  private static final int INVERSE_STD = 1;
  private static final int OFFSET = 2;
  private static final int SLOPE = 3;

  private final int samples;
  private final int positions;
  private final int n;
  private final long rowBytes;

  /** For each feature its mean, 1/std and two factors of the gradient, repeated for the rows. */
  private final MemorySegment[] factors = new MemorySegment[4];

  private final long period;

  BatchNormKernels(int samples, int positions, int n) {
    this.samples = samples;
    this.positions = positions;
    this.n = n;
    this.rowBytes = (long) n * Float.BYTES;
    this.period = RepeatedVector.period(n);
    Arena scratch = Arena.ofAuto();
    Arrays.setAll(factors, _ -> scratch.allocate(Math.max(1, period) * Float.BYTES, BYTES));
  }

  /** Sum of the weights, in order. */
  static double total(MemorySegment weights, int samples) {
    double total = 0;
    for (int i = 0; i < samples; i++) {
      total += weights.getAtIndex(FLOAT, i);
    }
    return total;
  }

  /** statistic * sum(weights). */
  static void weightStatistic(
      MemorySegment statistic, MemorySegment weights, MemorySegment out, int samples) {
    float total = (float) total(weights, samples);
    for (long i = 0; i < out.byteSize(); i += Float.BYTES) {
      out.set(FLOAT, i, statistic.get(FLOAT, i) * total);
    }
  }

  void mean(MemorySegment x, MemorySegment weights, MemorySegment out) {
    double share = share(weights);
    long whole = DoubleLanes.wholeBytes(n);
    for (long i = 0; i < whole; i += DoubleLanes.BYTES) {
      DoubleVector sums = DoubleLanes.zero();
      for (int sample = 0; sample < samples; sample++) {
        float weight = weights.getAtIndex(FLOAT, sample);
        if (weight != 0) {
          DoubleVector ofSample = sum(x, (long) sample * positions * rowBytes + i);
          sums = ofSample.fma(DoubleVector.broadcast(DoubleLanes.SPECIES, weight), sums);
        }
      }
      DoubleLanes.store(sums.mul(share), out, i);
    }
    for (long i = whole; i < rowBytes; i += Float.BYTES) {
      out.set(FLOAT, i, (float) (featureSum(x, weights, i, 0, false) * share));
    }
  }

  void variance(MemorySegment x, MemorySegment mean, MemorySegment weights, MemorySegment out) {
    double share = share(weights);
    long whole = DoubleLanes.wholeBytes(n);
    for (long i = 0; i < whole; i += DoubleLanes.BYTES) {
      DoubleVector centre = DoubleLanes.widen(DoubleLanes.load(mean, i));
      DoubleVector sums = DoubleLanes.zero();
      for (int sample = 0; sample < samples; sample++) {
        float weight = weights.getAtIndex(FLOAT, sample);
        if (weight != 0) {
          DoubleVector ofSample = squares(x, (long) sample * positions * rowBytes + i, centre);
          sums = ofSample.fma(DoubleVector.broadcast(DoubleLanes.SPECIES, weight), sums);
        }
      }
      DoubleLanes.store(sums.mul(share), out, i);
    }
    for (long i = whole; i < rowBytes; i += Float.BYTES) {
      double centre = mean.get(FLOAT, i);
      out.set(FLOAT, i, (float) (featureSum(x, weights, i, centre, true) * share));
    }
  }

  /** (x - mean) / sqrt(variance + epsilon). */
  void normalize(
      MemorySegment x,
      MemorySegment mean,
      MemorySegment variance,
      MemorySegment out,
      float epsilon) {
    invert(variance, epsilon);
    MemorySegment.copy(mean, 0, factors[MEAN], 0, rowBytes);
    repeat();
    long floats = (long) samples * positions * n;
    RowKernels.standardize(x, factors[MEAN], factors[INVERSE_STD], out, floats, period);
  }

  /**
   * dx = (dy - w sum(dy) - xhat w sum(dy xhat)) / std, the sums over all rows and w the row's share
   * of all weights.
   */
  void gradient(
      MemorySegment x,
      MemorySegment mean,
      MemorySegment variance,
      MemorySegment weights,
      MemorySegment dy,
      MemorySegment out,
      float epsilon) {
    invert(variance, epsilon);
    correlate(x, mean, dy);
    double share = share(weights);
    MemorySegment.copy(mean, 0, factors[MEAN], 0, rowBytes);
    repeat();
    long floats = (long) positions * n;
    for (int sample = 0; sample < samples; sample++) {
      float weight = (float) (weights.getAtIndex(FLOAT, sample) * share);
      for (long at = 0; at < floats; at += period) {
        long base = (sample * floats + at) * Float.BYTES;
        gradientRow(x, factors, dy, out, base, Math.min(period, floats - at), weight);
      }
    }
  }

  private void repeat() {
    for (MemorySegment factor : factors) {
      RepeatedVector.extend(factor, rowBytes);
    }
  }

  private static void gradientRow(
      MemorySegment x,
      MemorySegment[] factors,
      MemorySegment dy,
      MemorySegment out,
      long base,
      long n,
      float weight) {
    MemorySegment mean = factors[MEAN];
    MemorySegment inverseStd = factors[INVERSE_STD];
    MemorySegment offset = factors[OFFSET];
    MemorySegment slope = factors[SLOPE];
    long whole = Lanes.wholeBytes(n);
    for (long i = 0; i < whole; i += BYTES) {
      FloatVector centred = Lanes.load(x, base + i).sub(Lanes.load(mean, i));
      FloatVector pull = centred.fma(Lanes.load(slope, i), Lanes.load(offset, i)).mul(weight);
      FloatVector dx = Lanes.load(dy, base + i).sub(pull).mul(Lanes.load(inverseStd, i));
      Lanes.store(dx, out, base + i);
    }
    for (long i = whole; i < n * Float.BYTES; i += Float.BYTES) {
      float centred = x.get(FLOAT, base + i) - mean.get(FLOAT, i);
      float pull = Math.fma(centred, slope.get(FLOAT, i), offset.get(FLOAT, i)) * weight;
      float dx = (dy.get(FLOAT, base + i) - pull) * inverseStd.get(FLOAT, i);
      out.set(FLOAT, base + i, dx);
    }
  }

  private void invert(MemorySegment variance, float epsilon) {
    for (long i = 0; i < rowBytes; i += Float.BYTES) {
      double inverse = 1 / Math.sqrt(variance.get(FLOAT, i) + (double) epsilon);
      factors[INVERSE_STD].set(FLOAT, i, (float) inverse);
    }
  }

  /** offset = sum(dy) and slope = sum(dy (x - mean)) / std², for each feature over all rows. */
  private void correlate(MemorySegment x, MemorySegment mean, MemorySegment dy) {
    long whole = DoubleLanes.wholeBytes(n);
    for (long i = 0; i < whole; i += DoubleLanes.BYTES) {
      correlateLanes(x, mean, dy, i);
    }
    for (long i = whole; i < rowBytes; i += Float.BYTES) {
      correlate(x, mean, dy, i);
    }
  }

  private void correlateLanes(MemorySegment x, MemorySegment mean, MemorySegment dy, long i) {
    FloatVector centre = DoubleLanes.load(mean, i);
    DoubleVector sums = DoubleLanes.zero();
    DoubleVector dots = DoubleLanes.zero();
    for (int row = 0; row < samples * positions; row++) {
      long at = row * rowBytes + i;
      DoubleVector upstream = DoubleLanes.widen(DoubleLanes.load(dy, at));
      DoubleVector d = DoubleLanes.widen(DoubleLanes.load(x, at).sub(centre));
      sums = sums.add(upstream);
      dots = upstream.fma(d, dots);
    }
    DoubleVector inverse = DoubleLanes.widen(DoubleLanes.load(factors[INVERSE_STD], i));
    DoubleLanes.store(sums, factors[OFFSET], i);
    DoubleLanes.store(dots.mul(inverse).mul(inverse), factors[SLOPE], i);
  }

  private void correlate(MemorySegment x, MemorySegment mean, MemorySegment dy, long feature) {
    float centre = mean.get(FLOAT, feature);
    double inverse = factors[INVERSE_STD].get(FLOAT, feature);
    double sum = 0;
    double dot = 0;
    for (long at = feature; at < (long) samples * positions * rowBytes; at += rowBytes) {
      double upstream = dy.get(FLOAT, at);
      sum += upstream;
      dot += upstream * (x.get(FLOAT, at) - centre);
    }
    factors[OFFSET].set(FLOAT, feature, (float) sum);
    factors[SLOPE].set(FLOAT, feature, (float) (dot * inverse * inverse));
  }

  /** Sum over the positions of a sample that begins at {@code at}. */
  private DoubleVector sum(MemorySegment x, long at) {
    DoubleVector sum = DoubleLanes.zero();
    for (int position = 0; position < positions; position++) {
      sum = sum.add(DoubleLanes.widen(DoubleLanes.load(x, at + position * rowBytes)));
    }
    return sum;
  }

  private DoubleVector squares(MemorySegment x, long at, DoubleVector centre) {
    DoubleVector sum = DoubleLanes.zero();
    for (int position = 0; position < positions; position++) {
      DoubleVector d = DoubleLanes.widen(DoubleLanes.load(x, at + position * rowBytes)).sub(centre);
      sum = d.fma(d, sum);
    }
    return sum;
  }

  /** The weighted sum over all rows of one feature, or of its squares, around a centre. */
  private double featureSum(
      MemorySegment x, MemorySegment weights, long feature, double centre, boolean squared) {
    double sum = 0;
    for (int sample = 0; sample < samples; sample++) {
      float weight = weights.getAtIndex(FLOAT, sample);
      if (weight != 0) {
        double ofSample = 0;
        long at = (long) sample * positions * rowBytes + feature;
        for (int position = 0; position < positions; position++) {
          double d = x.get(FLOAT, at + position * rowBytes) - centre;
          ofSample += squared ? d * d : d;
        }
        sum += weight * ofSample;
      }
    }
    return sum;
  }

  /** What a weight is multiplied with: one over the sum of the weights of all rows; 0 for none. */
  private double share(MemorySegment weights) {
    double total = total(weights, samples);
    return total == 0 ? 0 : 1 / (total * positions);
  }
}
