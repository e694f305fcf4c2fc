package io.tidemill.device.cpu;

import static io.tidemill.device.cpu.x86.Gpr.R8;
import static io.tidemill.device.cpu.x86.Gpr.RAX;
import static io.tidemill.device.cpu.x86.Gpr.RCX;
import static io.tidemill.device.cpu.x86.Gpr.RDI;
import static io.tidemill.device.cpu.x86.Gpr.RDX;
import static io.tidemill.device.cpu.x86.Gpr.RSI;
import static io.tidemill.device.cpu.x86.VectorOp.VADDPS;
import static io.tidemill.device.cpu.x86.VectorOp.VANDNPS;
import static io.tidemill.device.cpu.x86.VectorOp.VANDPS;
import static io.tidemill.device.cpu.x86.VectorOp.VDIVPS;
import static io.tidemill.device.cpu.x86.VectorOp.VFMADD213PS;
import static io.tidemill.device.cpu.x86.VectorOp.VFMADD231PS;
import static io.tidemill.device.cpu.x86.VectorOp.VMULPS;
import static io.tidemill.device.cpu.x86.VectorOp.VSUBPS;

import io.tidemill.device.cpu.x86.Address;
import io.tidemill.device.cpu.x86.Assembler;
import io.tidemill.device.cpu.x86.MachineCode;
import io.tidemill.device.cpu.x86.Ymm;
import java.util.function.Consumer;

/**
 * Machine code of what training does to ranges of an arena: the operations of {@link
 * OptimizerKernels} and {@link ArenaKernels}, with their bits.
 *
 * <p>Each is called with parameters, gradient, two moments, its factors (floats, one after the
 * other), the first byte and the number of floats. Bound when first called.
 */
final class UpdateCode {
  static final int MOST_FACTORS = 8;

  private static final Ymm[] Y = Ymm.ALL.toArray(Ymm[]::new);
  private static final Ymm MASK = Y[7];
  private static final int FIRST_FACTOR = 8;
  private static final int MAGNITUDE = 0x7fffffff;

  private final Assembler code = new Assembler();
  private final VectorLoop loop = new VectorLoop(code, MASK);

  private UpdateCode() {}

  /** parameters += factor gradient. */
  static final class Sgd {
    static final MachineCode CODE = write(1, UpdateCode::sgd);
  }

  /** Factors: momentum, negative rate; moment: velocity. */
  static final class Momentum {
    static final MachineCode CODE = write(2, code -> code.momentum(false));
    static final MachineCode NESTEROV = write(2, code -> code.momentum(true));
  }

  /** Factors: beta1, its rest, beta2, its rest, rate, scale of the root, epsilon, shrinkage. */
  static final class Adam {
    static final MachineCode CODE = write(8, UpdateCode::adam);
  }

  /** Factors: rate, epsilon; moment: sum of squares. */
  static final class Adagrad {
    static final MachineCode CODE = write(2, UpdateCode::adagrad);
  }

  /** Called with the floats, and where the sum of their squares goes, a double. */
  static final class SumOfSquares {
    static final MachineCode CODE = sumOfSquares();
  }

  /** parameters = 0. */
  static final class Clear {
    static final MachineCode CODE = write(0, UpdateCode::clear);
  }

  /** parameters *= factor. */
  static final class Scale {
    static final MachineCode CODE = write(1, UpdateCode::scale);
  }

  /** Factors: momentum, its rest; the news stand where a gradient does. */
  static final class Average {
    static final MachineCode CODE = write(2, UpdateCode::average);
  }

  private static MachineCode write(int factors, Consumer<UpdateCode> body) {
    UpdateCode update = new UpdateCode();
    update.code.mov(RAX, MachineCode.SECOND_NUMBER);
    for (int i = 0; i < factors; i++) {
      update.code.broadcast(factor(i), Address.of(R8, i * Float.BYTES));
    }
    update.loop.write(() -> body.accept(update));
    update.code.leave();
    return MachineCode.of(update.code);
  }

  private static MachineCode sumOfSquares() {
    UpdateCode update = new UpdateCode();
    DoubleSums sums = new DoubleSums(update.code);
    update.code.mov(RAX, MachineCode.SECOND_NUMBER);
    update.code.zero(Y[0]);
    update.code.zero(Y[1]);
    update.loop.write(
        () -> {
          update.loop.load(Y[2], RDI);
          sums.widen(Y[3], Y[4], Y[2]);
          sums.addProducts(Y[0], Y[1], Y[3], Y[4], Y[3], Y[4]);
        });
    sums.total(Y[0], Y[1]);
    update.code.storeDouble(Address.of(RSI, 0), Y[0]);
    update.code.leave();
    return MachineCode.of(update.code);
  }

  private void sgd() {
    loop.load(Y[0], RSI);
    loop.load(Y[1], RDI);
    code.op(VFMADD231PS, Y[1], Y[0], factor(0));
    loop.store(RDI, Y[1]);
  }

  private void momentum(boolean nesterov) {
    loop.load(Y[0], RSI);
    loop.load(Y[1], RDX);
    code.op(VFMADD213PS, Y[1], factor(0), Y[0]);
    dropNegligible(Y[1]);
    loop.store(RDX, Y[1]);
    if (nesterov) {
      code.op(VFMADD213PS, Y[1], factor(0), Y[0]);
    }
    loop.load(Y[2], RDI);
    code.op(VFMADD231PS, Y[2], Y[1], factor(1));
    loop.store(RDI, Y[2]);
  }

  private void adam() {
    Ymm first = Y[1];
    Ymm second = Y[2];
    loop.load(Y[0], RSI);
    code.op(VMULPS, first, Y[0], factor(1));
    loop.load(Y[3], RDX);
    code.op(VFMADD231PS, first, Y[3], factor(0));
    dropNegligible(first);
    loop.store(RDX, first);
    code.op(VMULPS, second, Y[0], Y[0]);
    code.op(VMULPS, second, second, factor(3));
    loop.load(Y[3], RCX);
    code.op(VFMADD231PS, second, Y[3], factor(2));
    dropNegligible(second);
    loop.store(RCX, second);
    code.sqrt(second, second);
    code.op(VFMADD213PS, second, factor(5), factor(6));
    code.op(VMULPS, first, first, factor(4));
    code.op(VDIVPS, first, first, second);
    loop.load(Y[3], RDI);
    code.op(VMULPS, Y[3], Y[3], factor(7));
    code.op(VSUBPS, Y[3], Y[3], first);
    loop.store(RDI, Y[3]);
  }

  private void adagrad() {
    loop.load(Y[0], RSI);
    loop.load(Y[1], RDX);
    code.op(VFMADD231PS, Y[1], Y[0], Y[0]);
    loop.store(RDX, Y[1]);
    code.sqrt(Y[1], Y[1]);
    code.op(VADDPS, Y[1], Y[1], factor(1));
    code.op(VMULPS, Y[0], Y[0], factor(0));
    code.op(VDIVPS, Y[0], Y[0], Y[1]);
    loop.load(Y[2], RDI);
    code.op(VSUBPS, Y[2], Y[2], Y[0]);
    loop.store(RDI, Y[2]);
  }

  private void clear() {
    code.zero(Y[0]);
    loop.store(RDI, Y[0]);
  }

  private void scale() {
    loop.load(Y[0], RDI);
    code.op(VMULPS, Y[0], Y[0], factor(0));
    loop.store(RDI, Y[0]);
  }

  private void average() {
    loop.load(Y[0], RSI);
    code.op(VMULPS, Y[0], Y[0], factor(1));
    loop.load(Y[1], RDI);
    code.op(VFMADD231PS, Y[0], Y[1], factor(0));
    loop.store(RDI, Y[0]);
  }

  /** Numbers next to 0 become 0; see {@link OptimizerKernels#NEGLIGIBLE}. */
  private void dropNegligible(Ymm numbers) {
    code.op(VANDPS, Y[4], numbers, code.constant(MAGNITUDE));
    code.less(Y[4], Y[4], code.constant(OptimizerKernels.NEGLIGIBLE));
    code.op(VANDNPS, numbers, Y[4], numbers);
  }

  private static Ymm factor(int index) {
    return Y[FIRST_FACTOR + index];
  }
}
