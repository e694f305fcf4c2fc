package io.tidemill.metric;

import java.util.Arrays;

/**
 * Scores with a binary label each, which are walked by falling score.
 *
 * <p>A pair is packed in a long, so that a million of them sort in place: the score's bits, made to
 * sort as integers, above the label.
 */
final class ScoredLabels {
  private long[] pairs = new long[1024];
  private int size;
  private int positives;
  private boolean comparable = true;

  /** Sees one threshold: all examples with a score of at least it are taken as positive. */
  @FunctionalInterface
  interface ThresholdVisitor {
    /**
     * Called once per distinct score, from the highest.
     *
     * @param truePositives positives with at least this score
     * @param falsePositives negatives with at least this score
     */
    void visit(long truePositives, long falsePositives);
  }

  void add(float score, boolean positive) {
    comparable &= !Float.isNaN(score);
    if (size == pairs.length) {
      pairs = Arrays.copyOf(pairs, 2 * size);
    }
    // Adding 0 makes one zero of two, which are equal scores.
    int bits = Float.floatToIntBits(score + 0f);
    long ordered = bits ^ (bits >> 31 & Integer.MAX_VALUE);
    pairs[size++] = ordered << 1 | (positive ? 1 : 0);
    positives += positive ? 1 : 0;
  }

  /** Whether every score is a number, so that there is an order. */
  boolean isComparable() {
    return comparable;
  }

  long positives() {
    return positives;
  }

  long negatives() {
    return (long) size - positives;
  }

  void forEachThreshold(ThresholdVisitor visitor) {
    Arrays.sort(pairs, 0, size);
    long truePositives = 0;
    for (int i = size - 1; i >= 0; i--) {
      truePositives += pairs[i] & 1;
      if (i == 0 || pairs[i] >> 1 != pairs[i - 1] >> 1) {
        visitor.visit(truePositives, (long) size - i - truePositives);
      }
    }
  }
}
