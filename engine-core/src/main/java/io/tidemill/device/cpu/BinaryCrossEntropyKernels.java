package io.tidemill.device.cpu;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import java.lang.foreign.MemorySegment;

/**
 * Binary cross-entropy of logits [rows, 1] and its gradient; the sum over rows is taken in double,
 * in row order.
 *
 * <p>{@code StrictMath}, not {@code Math}: its results are the same bits interpreted and compiled.
 */
final class BinaryCrossEntropyKernels {
  private BinaryCrossEntropyKernels() {}

  static void loss(
      MemorySegment x, MemorySegment labels, MemorySegment weights, MemorySegment out, int rows) {
    double loss = 0;
    for (int row = 0; row < rows; row++) {
      float weight = weights.getAtIndex(JAVA_FLOAT, row);
      if (weight != 0) {
        double logit = x.getAtIndex(JAVA_FLOAT, row);
        double label = labels.getAtIndex(JAVA_FLOAT, row);
        double softplus = StrictMath.log1p(StrictMath.exp(-Math.abs(logit)));
        loss += weight * (Math.max(logit, 0) - logit * label + softplus);
      }
    }
    out.set(JAVA_FLOAT, 0, (float) loss);
  }

  /** dx = weight dLoss (sigmoid(x) - label); rows of weight 0 give 0. */
  static void gradient(
      MemorySegment x,
      MemorySegment labels,
      MemorySegment weights,
      MemorySegment dLoss,
      MemorySegment out,
      int rows) {
    double upstream = dLoss.get(JAVA_FLOAT, 0);
    for (int row = 0; row < rows; row++) {
      float weight = weights.getAtIndex(JAVA_FLOAT, row);
      double logit = x.getAtIndex(JAVA_FLOAT, row);
      double excess = 1 / (1 + StrictMath.exp(-logit)) - labels.getAtIndex(JAVA_FLOAT, row);
      out.setAtIndex(JAVA_FLOAT, row, weight == 0 ? 0 : (float) (weight * upstream * excess));
    }
  }
}
