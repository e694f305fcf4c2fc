package io.tidemill.device.cpu;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.MemorySegment;

/**
 * Losses over rows and their gradients; the sum over rows is taken in double, in row order.
 *
 * <p>{@code StrictMath}, not {@code Math}: its results are the same bits interpreted and compiled.
 * Owns scratch space: one for each execution.
 */
final class LossKernels {
  private final SoftmaxKernels softmax = new SoftmaxKernels();

  void softmaxCrossEntropy(
      MemorySegment x,
      MemorySegment labels,
      MemorySegment weights,
      MemorySegment out,
      int rows,
      int classes) {
    double loss = 0;
    for (int row = 0; row < rows; row++) {
      float weight = weights.getAtIndex(JAVA_FLOAT, row);
      if (weight != 0) {
        long base = (long) row * classes * Float.BYTES;
        int label = labels.getAtIndex(JAVA_INT, row);
        float max = softmax.max(x, base, classes);
        double logSum = StrictMath.log(softmax.sumOfExponentials(x, base, classes, max));
        double chosen = isClass(label, classes) ? x.get(JAVA_FLOAT, base + 4L * label) : Float.NaN;
        loss += weight * (logSum - (chosen - max));
      }
    }
    out.set(JAVA_FLOAT, 0, (float) loss);
  }

  /** dx = weight dLoss (softmax(x) - 1 at the label); rows of weight 0 give 0. */
  void softmaxCrossEntropyGradient(
      MemorySegment x,
      MemorySegment labels,
      MemorySegment weights,
      MemorySegment dLoss,
      MemorySegment out,
      int rows,
      int classes) {
    float upstream = dLoss.get(JAVA_FLOAT, 0);
    for (int row = 0; row < rows; row++) {
      long base = (long) row * classes * Float.BYTES;
      float weight = weights.getAtIndex(JAVA_FLOAT, row);
      if (weight == 0) {
        out.asSlice(base, (long) classes * Float.BYTES).fill((byte) 0);
        continue;
      }
      int label = labels.getAtIndex(JAVA_INT, row);
      softmax.softmaxRow(x, out, base, classes);
      float scale = isClass(label, classes) ? weight * upstream : Float.NaN;
      for (int i = 0; i < classes; i++) {
        long at = base + (long) i * Float.BYTES;
        float probability = out.get(JAVA_FLOAT, at);
        out.set(JAVA_FLOAT, at, (i == label ? probability - 1 : probability) * scale);
      }
    }
  }

  void binaryCrossEntropy(
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
  void binaryCrossEntropyGradient(
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

  private static boolean isClass(int label, int classes) {
    return label >= 0 && label < classes;
  }
}
