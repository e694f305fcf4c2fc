package io.tidemill.device.cpu;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.MemorySegment;

/**
 * Softmax cross-entropy over rows of classes and its gradient; the sum over rows is taken in
 * double, in row order.
 *
 * <p>{@code StrictMath}, not {@code Math}: its results are the same bits interpreted and compiled.
 * Belongs to one instruction.
 */
final class CrossEntropyKernels {
  private final int samples;
  private final int positions;
  private final int classes;
  private final SoftmaxKernels softmax;

  CrossEntropyKernels(int samples, int positions, int classes) {
    this.samples = samples;
    this.positions = positions;
    this.classes = classes;
    this.softmax = new SoftmaxKernels(classes);
  }

  void loss(MemorySegment x, MemorySegment labels, MemorySegment weights, MemorySegment out) {
    double loss = 0;
    for (int sample = 0; sample < samples; sample++) {
      float weight = weights.getAtIndex(JAVA_FLOAT, sample);
      if (weight != 0) {
        double ofSample = 0;
        for (int position = 0; position < positions; position++) {
          ofSample += rowLoss(x, labels, sample * positions + position);
        }
        loss += weight * (ofSample / positions);
      }
    }
    out.set(JAVA_FLOAT, 0, (float) loss);
  }

  /** dx = weight dLoss (softmax(x) - 1 at the label); samples of weight 0 give 0. */
  void gradient(
      MemorySegment x,
      MemorySegment labels,
      MemorySegment weights,
      MemorySegment dLoss,
      MemorySegment out) {
    float upstream = dLoss.get(JAVA_FLOAT, 0);
    for (int row = 0; row < samples * positions; row++) {
      float weight = weights.getAtIndex(JAVA_FLOAT, row / positions);
      if (weight == 0) {
        writeZeros(out, row);
      } else {
        rowGradient(x, labels.getAtIndex(JAVA_INT, row), weight * upstream / positions, out, row);
      }
    }
  }

  /** log(sum(exp(x))) - x[label]; NaN for a label outside the classes. */
  private double rowLoss(MemorySegment x, MemorySegment labels, int row) {
    long base = (long) row * classes * Float.BYTES;
    int label = labels.getAtIndex(JAVA_INT, row);
    double logSum = softmax.logSum(x, base);
    double chosen =
        isClass(label) ? x.get(JAVA_FLOAT, base + (long) label * Float.BYTES) : Float.NaN;
    return logSum - (chosen - softmax.max());
  }

  private void rowGradient(MemorySegment x, int label, float scale, MemorySegment out, int row) {
    long base = (long) row * classes * Float.BYTES;
    double sum = softmax.exponentiate(x, base);
    if (isClass(label)) {
      softmax.writeScaled((float) (scale / sum), out, base);
      long at = base + (long) label * Float.BYTES;
      out.set(JAVA_FLOAT, at, out.get(JAVA_FLOAT, at) - scale);
    } else {
      softmax.writeScaled(Float.NaN, out, base);
    }
  }

  private void writeZeros(MemorySegment out, int row) {
    for (int i = 0; i < classes; i++) {
      out.setAtIndex(JAVA_FLOAT, (long) row * classes + i, 0);
    }
  }

  private boolean isClass(int label) {
    return label >= 0 && label < classes;
  }
}
