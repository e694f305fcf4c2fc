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

import io.tidemill.device.SumTree;
import io.tidemill.device.cpu.x86.Address;
import io.tidemill.device.cpu.x86.Assembler;
import io.tidemill.device.cpu.x86.MachineCode;
import io.tidemill.device.cpu.x86.Ymm;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

/**
 * Machine code of what training does to ranges of an arena: the operations of {@link
 * OptimizerKernels} and {@link ArenaKernels}, with their bits.
 *
 * <p>Each is called with parameters, gradient, two moments, its factors (floats, one after the
 * other), the first byte and the number of floats. Bound when first called. An optimiser's gradient
 * is a {@linkplain TreeSumCode#addresses table}: terms are added as they are read, and their sum is
 * never stored.
 */
final class UpdateCode {
  static final int MOST_FACTORS = 8;

  private static final Ymm[] Y = Ymm.ALL.toArray(Ymm[]::new);
  private static final Ymm MASK = Y[7];
  private static final int FIRST_FACTOR = 8;
  private static final int MAGNITUDE = 0x7fffffff;

  private static final Ymm LOADED = Y[6];

  /** Sums of terms that wait for the one beside them, at most. */
  private static final int DEEPEST = 6;

  private static final Map<String, MachineCode> CODE = new ConcurrentHashMap<>();

  private final Assembler code = new Assembler();
  private final VectorLoop loop = new VectorLoop(code, MASK);

  private UpdateCode() {}

  /** What moves parameters by a gradient, and by how many factors. */
  enum Rule {
    /** parameters += factor gradient. */
    SGD(1),
    /** Factors: momentum, negative rate; moment: velocity. */
    MOMENTUM(2),
    NESTEROV(2),
    /** Factors: beta1, its rest, beta2, its rest, rate, scale of the root, epsilon, shrinkage. */
    ADAM(8),
    /** Factors: rate, epsilon; moment: sum of squares. */
    ADAGRAD(2);

    private final int factors;

    Rule(int factors) {
      this.factors = factors;
    }
  }

  /** Of a rule, and a gradient that is the sum by a tree of this shape. */
  static MachineCode of(Rule rule, SumTree gradient) {
    return CODE.computeIfAbsent(
        rule + TreeSumCode.shape(gradient),
        _ -> write(rule.factors, update -> update.move(rule, gradient)));
  }

  /** Whether a gradient can be summed in the registers that are left. */
  static boolean fits(SumTree gradient) {
    return TreeSumCode.depth(gradient) <= DEEPEST;
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

  /** The gradient is in the first register. */
  private void move(Rule rule, SumTree gradient) {
    TreeSumCode.sum(gradient, code, loop, RSI, LOADED);
    switch (rule) {
      case SGD -> sgd();
      case MOMENTUM -> momentum(false);
      case NESTEROV -> momentum(true);
      case ADAM -> adam();
      case ADAGRAD -> adagrad();
    }
  }

  private void sgd() {
    loop.load(Y[1], RDI);
    code.op(VFMADD231PS, Y[1], Y[0], factor(0));
    loop.store(RDI, Y[1]);
  }

  private void momentum(boolean nesterov) {
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
