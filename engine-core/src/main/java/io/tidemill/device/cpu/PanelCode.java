package io.tidemill.device.cpu;

import static io.tidemill.device.cpu.x86.Gpr.R13;
import static io.tidemill.device.cpu.x86.Gpr.R8;
import static io.tidemill.device.cpu.x86.Gpr.R9;
import static io.tidemill.device.cpu.x86.Gpr.RBP;
import static io.tidemill.device.cpu.x86.Gpr.RCX;

import io.tidemill.device.cpu.x86.Address;
import io.tidemill.device.cpu.x86.Assembler;
import io.tidemill.device.cpu.x86.Label;
import io.tidemill.device.cpu.x86.Ymm;

/**
 * Writes how a few columns of a matrix are packed for {@link GemmCode}: the columns of one k after
 * those of the one before, with zeros behind them up to whole vectors.
 */
final class PanelCode {
  private static final int UNROLLED = 4;
  private static final int FLOAT = Float.BYTES;

  private final Assembler code;
  private final Panel panel;
  private final int matrixRow;

  /**
   * Up to so many columns side by side.
   *
   * @param vectors registers for a row
   * @param last lanes of the last of them
   * @param rowBytes from one k to the next: of the packed panel, or of the matrix
   */
  record Panel(int vectors, int last, int rowBytes) {
    boolean isWhole() {
      return last == Ymm.FLOATS;
    }

    boolean isMasked(int vector) {
      return vector == vectors - 1 && !isWhole();
    }
  }

  /** {@code matrixRow} floats are from one row of the matrix, as it lies, to the next. */
  PanelCode(Assembler code, Panel panel, int matrixRow) {
    this.code = code;
    this.panel = panel;
    this.matrixRow = matrixRow;
  }

  /** Packs from R13 on to RCX on, so much of k; changes R8, R9 and RBP. */
  void pack(boolean transposed, int depth) {
    code.mov(R8, R13);
    code.mov(R9, RCX);
    if (transposed) {
      packTransposed(depth);
    } else {
      packRows(depth);
    }
  }

  private void packRows(int depth) {
    Ymm mask = Ymm.of(15);
    if (!panel.isWhole()) {
      code.load(mask, code.firstLanes(panel.last()));
    }
    int rounds = depth / UNROLLED;
    if (rounds > 0) {
      code.mov(RBP, rounds);
      Label next = code.here();
      packRows(UNROLLED, mask);
      code.countDown(RBP, next);
    }
    packRows(depth % UNROLLED, mask);
  }

  private void packRows(int count, Ymm mask) {
    for (int row = 0; row < count; row++) {
      for (int v = 0; v < panel.vectors(); v++) {
        Ymm numbers = Ymm.of(row * panel.vectors() + v);
        Address from = Address.of(R8, row * matrixRow * FLOAT + v * Ymm.BYTES);
        if (panel.isMasked(v)) {
          code.load(numbers, mask, from);
        } else {
          code.load(numbers, from);
        }
        code.store(Address.of(R9, row * panel.rowBytes() + v * Ymm.BYTES), numbers);
      }
      code.prefetch(Address.of(R8, row * matrixRow * FLOAT + panel.vectors() * Ymm.BYTES));
    }
    if (count > 0) {
      code.add(R8, count * matrixRow * FLOAT);
      code.add(R9, count * panel.rowBytes());
    }
  }

  /** By squares of 8, with what is missing of one as zeros. */
  private void packTransposed(int depth) {
    int rounds = depth / Ymm.FLOATS;
    if (rounds > 0) {
      code.mov(RBP, rounds);
      Label next = code.here();
      packSquares(Ymm.FLOATS);
      code.countDown(RBP, next);
    }
    if (depth % Ymm.FLOATS > 0) {
      packSquares(depth % Ymm.FLOATS);
    }
  }

  private void packSquares(int depth) {
    for (int v = 0; v < panel.vectors(); v++) {
      int columns = panel.isMasked(v) ? panel.last() : Ymm.FLOATS;
      Ymm mask = Ymm.of(15);
      if (depth < Ymm.FLOATS) {
        code.load(mask, code.firstLanes(depth));
      }
      for (int i = 0; i < Ymm.FLOATS; i++) {
        Address from = Address.of(R8, (v * Ymm.FLOATS + i) * matrixRow * FLOAT);
        if (i >= columns) {
          code.zero(Ymm.of(i));
        } else if (depth < Ymm.FLOATS) {
          code.load(Ymm.of(i), mask, from);
        } else {
          code.load(Ymm.of(i), from);
        }
      }
      SquareCode.transpose(code);
      for (int i = 0; i < depth; i++) {
        code.store(Address.of(R9, i * panel.rowBytes() + v * Ymm.BYTES), SquareCode.transposed(i));
      }
    }
    code.add(R8, depth * FLOAT);
    code.add(R9, depth * panel.rowBytes());
  }
}
