package io.tidemill.device.cpu;

import static io.tidemill.device.cpu.x86.Gpr.R8;
import static io.tidemill.device.cpu.x86.Gpr.R9;
import static io.tidemill.device.cpu.x86.Gpr.RAX;
import static io.tidemill.device.cpu.x86.Gpr.RDI;
import static io.tidemill.device.cpu.x86.Gpr.RDX;
import static io.tidemill.device.cpu.x86.Gpr.RSI;
import static io.tidemill.device.cpu.x86.VectorOp.VADDPD;
import static io.tidemill.device.cpu.x86.VectorOp.VDIVPD;
import static io.tidemill.device.cpu.x86.VectorOp.VMAXPD;
import static io.tidemill.device.cpu.x86.VectorOp.VMULPD;
import static io.tidemill.device.cpu.x86.VectorOp.VMULPS;
import static io.tidemill.device.cpu.x86.VectorOp.VSUBPD;
import static io.tidemill.device.cpu.x86.VectorOp.VSUBPS;

import io.tidemill.device.cpu.x86.Address;
import io.tidemill.device.cpu.x86.Assembler;
import io.tidemill.device.cpu.x86.Condition;
import io.tidemill.device.cpu.x86.Gpr;
import io.tidemill.device.cpu.x86.Label;
import io.tidemill.device.cpu.x86.MachineCode;
import io.tidemill.device.cpu.x86.Ymm;
import io.tidemill.program.Op;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Machine code of {@link LayerNormKernels}: the same formulas on rows of n, sums in double, which
 * differ from those there in the order of the last few numbers of a row. Width and epsilon are in
 * the code.
 */
final class NormCode {
  private static final Ymm[] Y = Ymm.ALL.toArray(Ymm[]::new);
  private static final Ymm MASK = Y[15];

  /** The row's first element in each lane. */
  private static final Ymm FIRST = Y[14];

  private static final Map<Form, MachineCode> CODE = new ConcurrentHashMap<>();

  private record Form(Op op, int n) {
    MachineCode write() {
      return new NormCode(n).write(op);
    }
  }

  private final Assembler code = new Assembler();
  private final VectorLoop loop = new VectorLoop(code, MASK);
  private final DoubleSums sums = new DoubleSums(code);
  private final int n;

  private NormCode(int n) {
    this.n = n;
  }

  /** out = the rows of x, standardised. */
  static Kernel forward(Op.LayerNorm op, int x, int out, int rows, int n) {
    MachineCode code = CODE.computeIfAbsent(new Form(op, n), Form::write);
    MemorySegment none = MemorySegment.NULL;
    return v -> code.call(v[x], none, v[out], none, none, 0, rows);
  }

  /** out = the gradient of that from dy. */
  static Kernel gradient(Op.LayerNormGradient op, int x, int dy, int out, int rows, int n) {
    MachineCode code = CODE.computeIfAbsent(new Form(op, n), Form::write);
    MemorySegment none = MemorySegment.NULL;
    return v -> code.call(v[x], v[dy], v[out], none, none, 0, rows);
  }

  private MachineCode write(Op op) {
    Label end = code.label();
    code.mov(R8, MachineCode.SECOND_NUMBER);
    code.cmp(R8, 0);
    code.jump(Condition.EQUAL, end);
    Label next = code.here();
    code.broadcast(FIRST, Address.of(RDI, 0));
    switch (op) {
      case Op.LayerNorm(float epsilon) -> forwardRow(epsilon);
      case Op.LayerNormGradient(float epsilon) -> gradientRow(epsilon);
      default -> throw new IllegalArgumentException(op.toString());
    }
    for (Gpr pointer : List.of(RDI, RSI, RDX)) {
      code.add(pointer, n * Float.BYTES);
    }
    code.countDown(R8, next);
    code.place(end);
    code.leave();
    return MachineCode.of(code);
  }

  private void forwardRow(float epsilon) {
    clear(0, 4);
    overRow(
        () -> {
          distance(Y[4]);
          loop.clearRest(Y[4]);
          measure();
        });
    statistics(epsilon);
    // mean in 0, 1 / std in 2, as floats in each lane
    spread(Y[0]);
    spread(Y[2]);
    overRow(
        () -> {
          distance(Y[4]);
          code.op(VSUBPS, Y[4], Y[4], Y[0]);
          code.op(VMULPS, Y[4], Y[4], Y[2]);
          loop.store(RDX, Y[4]);
        });
  }

  private void gradientRow(float epsilon) {
    clear(0, 4);
    clear(7, 11);
    overRow(
        () -> {
          distance(Y[4]);
          loop.clearRest(Y[4]);
          measure();
          loop.load(Y[4], RSI); // 0 behind the row
          sums.widen(Y[11], Y[12], Y[4]);
          sums.add(Y[7], Y[8], Y[11], Y[12]);
          sums.addProducts(Y[9], Y[10], Y[11], Y[12], Y[5], Y[6]);
        });
    statistics(epsilon);
    sums.total(Y[7], Y[8]);
    sums.total(Y[9], Y[10]);
    // 4: (dot - mean upstream) / std², over n; 5: upstream / n
    code.op(VMULPD, Y[4], Y[0], Y[7]);
    code.op(VSUBPD, Y[4], Y[9], Y[4]);
    code.op(VMULPD, Y[4], Y[4], Y[2]);
    code.op(VDIVPD, Y[4], Y[4], code.constant((double) n));
    code.op(VMULPD, Y[4], Y[4], Y[2]);
    code.op(VDIVPD, Y[5], Y[7], code.constant((double) n));
    for (int i : new int[] {0, 2, 4, 5}) {
      spread(Y[i]);
    }
    overRow(
        () -> {
          distance(Y[6]);
          code.op(VSUBPS, Y[6], Y[6], Y[0]);
          code.op(VMULPS, Y[6], Y[6], Y[4]);
          loop.load(Y[7], RSI);
          code.op(VSUBPS, Y[7], Y[7], Y[5]);
          code.op(VSUBPS, Y[7], Y[7], Y[6]);
          code.op(VMULPS, Y[7], Y[7], Y[2]);
          loop.store(RDX, Y[7]);
        });
  }

  private void overRow(Runnable body) {
    code.mov(R9, 0);
    code.mov(RAX, n);
    loop.write(body);
  }

  private void clear(int from, int to) {
    for (int i = from; i < to; i++) {
      code.zero(Y[i]);
    }
  }

  private void distance(Ymm to) {
    loop.load(to, RDI);
    code.op(VSUBPS, to, to, FIRST);
  }

  /** Adds the distances in 4 to the sums in 0 and 1, their squares to 2 and 3; leaves 5 and 6. */
  private void measure() {
    sums.widen(Y[5], Y[6], Y[4]);
    sums.add(Y[0], Y[1], Y[5], Y[6]);
    sums.addProducts(Y[2], Y[3], Y[5], Y[6], Y[5], Y[6]);
  }

  /** 0: mean of the distances; 2: 1 / sqrt(max(mean square - squared mean, 0) + epsilon). */
  private void statistics(float epsilon) {
    sums.total(Y[0], Y[1]);
    sums.total(Y[2], Y[3]);
    code.op(VDIVPD, Y[0], Y[0], code.constant((double) n));
    code.op(VDIVPD, Y[2], Y[2], code.constant((double) n));
    code.op(VMULPD, Y[1], Y[0], Y[0]);
    code.op(VSUBPD, Y[2], Y[2], Y[1]);
    code.zero(Y[1]);
    code.op(VMAXPD, Y[2], Y[1], Y[2]);
    code.op(VADDPD, Y[2], Y[2], code.constant((double) epsilon));
    code.sqrtDoubles(Y[2], Y[2]);
    code.load(Y[1], code.constant(1.0));
    code.op(VDIVPD, Y[2], Y[1], Y[2]);
  }

  /** A double that is in each lane becomes a float in each lane. */
  private void spread(Ymm number) {
    code.narrow(number, number);
    code.broadcast(number, number);
  }
}
