package io.tidemill.device.cpu;

import static io.tidemill.device.cpu.x86.VectorOp.VUNPCKHPD;
import static io.tidemill.device.cpu.x86.VectorOp.VUNPCKHPS;
import static io.tidemill.device.cpu.x86.VectorOp.VUNPCKLPD;
import static io.tidemill.device.cpu.x86.VectorOp.VUNPCKLPS;

import io.tidemill.device.cpu.x86.Assembler;
import io.tidemill.device.cpu.x86.Ymm;

/** Writes the code that transposes 8 by 8 floats in registers. */
final class SquareCode {
  private static final int LOWER = 0x20;
  private static final int UPPER = 0x31;

  private SquareCode() {}

  /** Transposes what is in registers 0 to 7, row by row, into those of {@link #transposed}. */
  static void transpose(Assembler code) {
    for (int i = 0; i < 4; i++) { // pairs of rows: their columns 0, 1, 4, 5, and 2, 3, 6, 7
      code.op(VUNPCKLPS, Ymm.of(8 + 2 * i), Ymm.of(2 * i), Ymm.of(2 * i + 1));
      code.op(VUNPCKHPS, Ymm.of(9 + 2 * i), Ymm.of(2 * i), Ymm.of(2 * i + 1));
    }
    for (int i = 0; i < 2; i++) { // fours of rows: columns 0, 4, then 1, 5, then 2, 6, then 3, 7
      for (int j = 0; j < 2; j++) {
        Ymm a = Ymm.of(8 + 4 * i + j);
        Ymm b = Ymm.of(10 + 4 * i + j);
        code.op(VUNPCKLPD, Ymm.of(4 * i + 2 * j), a, b);
        code.op(VUNPCKHPD, Ymm.of(4 * i + 2 * j + 1), a, b);
      }
    }
    for (int i = 0; i < 4; i++) {
      code.halves(Ymm.of(8 + i), Ymm.of(i), Ymm.of(4 + i), LOWER);
      code.halves(Ymm.of(12 + i), Ymm.of(i), Ymm.of(4 + i), UPPER);
    }
  }

  /** Where a column lies now. */
  static Ymm transposed(int column) {
    return Ymm.of(8 + column);
  }
}
