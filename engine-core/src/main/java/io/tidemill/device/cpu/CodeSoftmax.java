package io.tidemill.device.cpu;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import io.tidemill.device.cpu.x86.MachineCode;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Softmax over rows, and softmax cross-entropy with its gradient, by {@link SoftmaxCode}; what they
 * do with rows that are not finite and with labels is as in {@link SoftmaxKernels} and {@link
 * CrossEntropyKernels}. Belongs to one instruction; owns scratch space.
 */
final class CodeSoftmax {
  private static final MemorySegment NONE = MemorySegment.NULL;

  private final int samples;
  private final int positions;
  private final int rows;
  private final int classes;
  private final MachineCode exponentials;
  private final MachineCode scaling;
  private final MachineCode lossGradient;
  private final MemorySegment sums;
  private final MemorySegment largest;
  private final MemorySegment factors;

  CodeSoftmax(int samples, int positions, int classes) {
    this.samples = samples;
    this.positions = positions;
    this.rows = samples * positions;
    this.classes = classes;
    this.exponentials = SoftmaxCode.exponentials(classes);
    this.scaling = SoftmaxCode.scaling(classes);
    this.lossGradient = SoftmaxCode.lossGradient(samples, positions, classes);
    Arena scratch = Arena.ofAuto();
    this.sums = scratch.allocate(JAVA_DOUBLE, Math.max(1, rows));
    this.largest = scratch.allocate(JAVA_FLOAT, Math.max(1, rows));
    this.factors = scratch.allocate(JAVA_FLOAT, Math.max(1, rows));
  }

  void softmax(MemorySegment x, MemorySegment out) {
    exponentiate(x, out);
    for (int row = 0; row < rows; row++) {
      factors.setAtIndex(JAVA_FLOAT, row, (float) (1 / sums.getAtIndex(JAVA_DOUBLE, row)));
    }
    scaling.call(out, factors, NONE, NONE, NONE, 0, rows);
  }

  /** {@code scratch} has the size of x. */
  void loss(
      MemorySegment x,
      MemorySegment labels,
      MemorySegment weights,
      MemorySegment scratch,
      MemorySegment out) {
    exponentiate(x, scratch);
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
    exponentiate(x, out);
    lossGradient.call(out, sums, labels, weights, dLoss, 0, 0);
  }

  /** log(sum(exp(x))) - x[label]; NaN for a label outside the classes. */
  private double rowLoss(MemorySegment x, MemorySegment labels, int row) {
    int label = labels.getAtIndex(JAVA_INT, row);
    double chosen =
        isClass(label) ? x.getAtIndex(JAVA_FLOAT, (long) row * classes + label) : Float.NaN;
    double logSum = StrictMath.log(sums.getAtIndex(JAVA_DOUBLE, row));
    return logSum - (chosen - largest.getAtIndex(JAVA_FLOAT, row));
  }

  private void exponentiate(MemorySegment x, MemorySegment out) {
    exponentials.call(x, out, sums, largest, NONE, 0, rows);
  }

  private boolean isClass(int label) {
    return label >= 0 && label < classes;
  }
}
