package io.tidemill.device.cpu;

import static io.tidemill.device.cpu.x86.VectorOp.VADDPD;
import static io.tidemill.device.cpu.x86.VectorOp.VFMADD231PD;

import io.tidemill.device.cpu.x86.Assembler;
import io.tidemill.device.cpu.x86.Ymm;

/**
 * Writes sums in double of floats in eight lanes: the lower and the upper four are summed apart,
 * then added, then their lanes by halving.
 */
final class DoubleSums {
  private final Assembler code;

  DoubleSums(Assembler code) {
    this.code = code;
  }

  /** low, high = the lower and the upper floats as doubles. */
  void widen(Ymm low, Ymm high, Ymm floats) {
    code.swapHalves(high, floats);
    code.widen(low, floats);
    code.widen(high, high);
  }

  /** Adds what was widened. */
  void add(Ymm lowSum, Ymm highSum, Ymm low, Ymm high) {
    code.op(VADDPD, lowSum, lowSum, low);
    code.op(VADDPD, highSum, highSum, high);
  }

  /** Adds products of what was widened. */
  void addProducts(Ymm lowSum, Ymm highSum, Ymm low, Ymm high, Ymm otherLow, Ymm otherHigh) {
    code.op(VFMADD231PD, lowSum, low, otherLow);
    code.op(VFMADD231PD, highSum, high, otherHigh);
  }

  /** The whole sum in each lane of lowSum; highSum is used up. */
  void total(Ymm lowSum, Ymm highSum) {
    code.op(VADDPD, lowSum, lowSum, highSum);
    code.swapHalves(highSum, lowSum);
    code.op(VADDPD, lowSum, lowSum, highSum);
    code.swapDoubles(highSum, lowSum);
    code.op(VADDPD, lowSum, lowSum, highSum);
  }
}
