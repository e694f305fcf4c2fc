package io.tidemill.device.cpu;

import static io.tidemill.device.cpu.Lanes.BYTES;
import static io.tidemill.device.cpu.Lanes.FLOAT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/**
 * Softmax over rows of n and what the losses need of it; float32, sums of exponentials in double.
 *
 * <p>A row is worked on in scratch space that is a whole number of vectors long, with -infinity,
 * which adds nothing, behind the row. A row that holds NaN, +infinity or nothing but -infinity
 * gives NaN. Belongs to one instruction.
 */
final class SoftmaxKernels {
  private final long rowBytes;
  private final long wholeBytes;
  private final long paddedBytes;
  private final VectorMask<Float> tail;

  /** The row, and -infinity up to a whole vector; then its exponentials. */
  private final MemorySegment row;

  private final MemorySegment exponentials;

  private final Exponentials exponents = new Exponentials();
  private float max;

  SoftmaxKernels(int n) {
    this.rowBytes = (long) n * Float.BYTES;
    this.wholeBytes = Lanes.wholeBytes(n);
    this.paddedBytes = Lanes.wholeBytes(n + Lanes.LENGTH - 1);
    this.tail = Lanes.tail(n);
    Arena scratch = Arena.ofAuto();
    this.row = scratch.allocate(Math.max(BYTES, paddedBytes), BYTES);
    this.exponentials = scratch.allocate(Math.max(BYTES, paddedBytes), BYTES);
  }

  void softmax(MemorySegment x, MemorySegment out, int rows) {
    for (int i = 0; i < rows; i++) {
      double sum = exponentiate(x, i * rowBytes);
      writeScaled((float) (1 / sum), out, i * rowBytes);
    }
  }

  /** dx = y (dy - sum(y dy)). */
  void gradient(MemorySegment y, MemorySegment dy, MemorySegment out, int rows) {
    for (long base = 0; base < rows * rowBytes; base += rowBytes) {
      FloatVector sums = Lanes.broadcast(0);
      for (long i = 0; i < wholeBytes; i += BYTES) {
        sums = Lanes.load(y, base + i).fma(Lanes.load(dy, base + i), sums);
      }
      FloatVector lastY = Lanes.load(y, base + wholeBytes, tail);
      FloatVector lastDy = Lanes.load(dy, base + wholeBytes, tail);
      float dot = Lanes.sum(lastY.fma(lastDy, sums));
      for (long i = 0; i < wholeBytes; i += BYTES) {
        FloatVector dx = Lanes.load(y, base + i).mul(Lanes.load(dy, base + i).sub(dot));
        Lanes.store(dx, out, base + i);
      }
      Lanes.store(lastY.mul(lastDy.sub(dot)), out, base + wholeBytes, tail);
    }
  }

  /** log(sum(exp(x))) of the row that begins at byte {@code base}, less its largest element. */
  double logSum(MemorySegment x, long base) {
    return StrictMath.log(exponentiate(x, base));
  }

  /** Largest element of the row last worked on, NaN left out. */
  float max() {
    return max;
  }

  /**
   * Computes exp(x - max) of the row that begins at byte {@code base}, to be written by {@link
   * #writeScaled}, and gives the sum.
   */
  double exponentiate(MemorySegment x, long base) {
    max = read(x, base);
    return exponents.write(row, 0, max, exponentials, 0, paddedBytes);
  }

  /** Writes the exponentials times {@code factor} to the row of out at byte {@code base}. */
  void writeScaled(float factor, MemorySegment out, long base) {
    for (long i = 0; i < wholeBytes; i += BYTES) {
      Lanes.store(Lanes.load(exponentials, i).mul(factor), out, base + i);
    }
    for (long i = wholeBytes; i < rowBytes; i += Float.BYTES) {
      out.set(FLOAT, base + i, exponentials.get(FLOAT, i) * factor);
    }
  }

  /** Copies a row and gives the largest, passing over NaN, which the exponentials keep. */
  private float read(MemorySegment x, long base) {
    FloatVector largest = Lanes.broadcast(Float.NEGATIVE_INFINITY);
    for (long i = 0; i < wholeBytes; i += BYTES) {
      FloatVector numbers = Lanes.load(x, base + i);
      Lanes.store(numbers, row, i);
      largest = Lanes.larger(largest, numbers);
    }
    if (wholeBytes < rowBytes) {
      FloatVector last = Lanes.load(x, base + wholeBytes, tail);
      FloatVector padded = Lanes.broadcast(Float.NEGATIVE_INFINITY).blend(last, tail);
      Lanes.store(padded, row, wholeBytes); // a vector: scalar stores would stall its load
      largest = Lanes.larger(largest, padded);
    }
    return Lanes.max(largest);
  }
}
