package io.tidemill.device.cpu;

import static io.tidemill.device.cpu.x86.Gpr.R10;
import static io.tidemill.device.cpu.x86.Gpr.R9;
import static io.tidemill.device.cpu.x86.Gpr.RAX;

import io.tidemill.device.cpu.x86.Address;
import io.tidemill.device.cpu.x86.Assembler;
import io.tidemill.device.cpu.x86.Condition;
import io.tidemill.device.cpu.x86.Gpr;
import io.tidemill.device.cpu.x86.Label;
import io.tidemill.device.cpu.x86.VectorOp;
import io.tidemill.device.cpu.x86.Ymm;

/**
 * Writes a loop over floats, eight at a time; the last ones are the same instructions under a mask,
 * so an element's bits do not depend on where it lies.
 *
 * <p>The loop counts R9, the bytes behind each of the bases it reads and writes, and RAX, the
 * floats that are left; at the end it needs R10 and the register of the mask.
 */
final class VectorLoop {
  private final Assembler code;
  private final Ymm mask;
  private boolean isMasked;

  /** {@code mask} is not used by what is looped over. */
  VectorLoop(Assembler code, Ymm mask) {
    this.code = code;
    this.mask = mask;
  }

  /** A loop from byte R9 on, over RAX floats. */
  void write(Runnable body) {
    Label next = code.label();
    Label rest = code.label();
    Label end = code.label();
    code.sub(RAX, Ymm.FLOATS);
    code.jump(Condition.LESS, rest);
    code.place(next);
    body.run();
    code.add(R9, Ymm.BYTES);
    code.sub(RAX, Ymm.FLOATS);
    code.jump(Condition.NOT_LESS, next);
    code.place(rest);
    code.add(RAX, Ymm.FLOATS);
    code.jump(Condition.EQUAL, end);
    loadMask();
    isMasked = true;
    body.run();
    isMasked = false;
    code.place(end);
  }

  /** The floats of an operand. */
  void load(Ymm to, Gpr base) {
    Address from = Address.of(base, R9);
    if (isMasked) {
      code.load(to, mask, from);
    } else {
      code.load(to, from);
    }
  }

  /** Where a vector covers more than is left, its other lanes become 0. */
  void clearRest(Ymm numbers) {
    if (isMasked) {
      code.op(VectorOp.VANDPS, numbers, numbers, mask);
    }
  }

  /** Where a vector covers more than is left, its other lanes become those of {@code filler}. */
  void fillRest(Ymm numbers, Ymm filler) {
    if (isMasked) {
      code.blend(numbers, filler, numbers, mask);
    }
  }

  void store(Gpr base, Ymm from) {
    Address to = Address.of(base, R9);
    if (isMasked) {
      code.store(to, mask, from);
    } else {
      code.store(to, from);
    }
  }

  /** RAX lanes: they begin so many before the middle of the table. */
  private void loadMask() {
    code.lea(R10, code.lanes());
    code.shl(RAX, 2);
    code.sub(R10, RAX);
    code.load(mask, Address.of(R10, Ymm.BYTES));
  }
}
