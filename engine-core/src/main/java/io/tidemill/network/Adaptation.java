package io.tidemill.network;

import io.tidemill.program.ParameterLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Learns mean and deviation of each feature from rows, for {@link Standardize}.
 *
 * <p>Confined to one thread. Rows are taken one at a time in the order given, in double (Welford
 * 1962), so the same rows in the same order give the same bits however they are cut in batches. The
 * deviation is that of the population; a feature that does not vary counts as deviation 1. No rows
 * leave the features as they are.
 */
public final class Adaptation {
  private final String meanParameter;
  private final String inverseStdParameter;
  private final double[] mean;
  private final double[] squares;
  private long rows;

  Adaptation(String meanParameter, String inverseStdParameter, int features) {
    this.meanParameter = meanParameter;
    this.inverseStdParameter = inverseStdParameter;
    this.mean = new double[features];
    this.squares = new double[features];
  }

  public int features() {
    return mean.length;
  }

  /** How many rows it has seen. */
  public long rows() {
    return rows;
  }

  /** Takes {@code count} rows [count, features] float32, in order. */
  public void accept(MemorySegment features, long count) {
    for (long row = 0; row < count; row++) {
      rows++;
      for (int i = 0; i < mean.length; i++) {
        double x = features.getAtIndex(ValueLayout.JAVA_FLOAT_UNALIGNED, row * mean.length + i);
        double delta = x - mean[i];
        mean[i] += delta / rows;
        squares[i] += delta * (x - mean[i]);
      }
    }
  }

  /** Writes the two adapted parameters into their places of a host copy of the arena. */
  public void store(ParameterLayout layout, MemorySegment arena) {
    long meanOffset = layout.entry(meanParameter).offset();
    long inverseOffset = layout.entry(inverseStdParameter).offset();
    for (int i = 0; i < mean.length; i++) {
      double variance = rows == 0 ? 0 : squares[i] / rows;
      float inverse = variance > 0 ? (float) (1 / Math.sqrt(variance)) : 1;
      arena.setAtIndex(ValueLayout.JAVA_FLOAT, meanOffset + i, (float) mean[i]);
      arena.setAtIndex(ValueLayout.JAVA_FLOAT, inverseOffset + i, inverse);
    }
  }
}
