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
    scale(out);
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
    float upstream = dLoss.get(JAVA_FLOAT, 0);
    for (int row = 0; row < rows; row++) {
      float scale = scale(weights, upstream, row);
      boolean isClass = isClass(labels.getAtIndex(JAVA_INT, row));
      double factor = isClass ? scale / sums.getAtIndex(JAVA_DOUBLE, row) : Float.NaN;
      factors.setAtIndex(JAVA_FLOAT, row, (float) factor);
    }
    scale(out);
    for (int row = 0; row < rows; row++) {
      boolean counts = weights.getAtIndex(JAVA_FLOAT, row / positions) != 0;
      finish(counts, labels.getAtIndex(JAVA_INT, row), scale(weights, upstream, row), out, row);
    }
  }

  private void finish(boolean counts, int label, float scale, MemorySegment out, int row) {
    long first = (long) row * classes;
    if (!counts) {
      for (int i = 0; i < classes; i++) {
        out.setAtIndex(JAVA_FLOAT, first + i, 0);
      }
    } else if (isClass(label)) {
      out.setAtIndex(JAVA_FLOAT, first + label, out.getAtIndex(JAVA_FLOAT, first + label) - scale);
    }
  }

  private float scale(MemorySegment weights, float upstream, int row) {
    return weights.getAtIndex(JAVA_FLOAT, row / positions) * upstream / positions;
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

  private void scale(MemorySegment out) {
    scaling.call(out, factors, NONE, NONE, NONE, 0, rows);
  }

  private boolean isClass(int label) {
    return label >= 0 && label < classes;
  }
}
