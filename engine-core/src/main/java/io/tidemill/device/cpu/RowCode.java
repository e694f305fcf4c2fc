package io.tidemill.device.cpu;

import static io.tidemill.device.cpu.x86.Gpr.R11;
import static io.tidemill.device.cpu.x86.Gpr.R8;
import static io.tidemill.device.cpu.x86.Gpr.R9;
import static io.tidemill.device.cpu.x86.Gpr.RAX;
import static io.tidemill.device.cpu.x86.Gpr.RCX;
import static io.tidemill.device.cpu.x86.Gpr.RDI;
import static io.tidemill.device.cpu.x86.Gpr.RDX;
import static io.tidemill.device.cpu.x86.Gpr.RSI;
import static io.tidemill.device.cpu.x86.VectorOp.VADDPS;
import static io.tidemill.device.cpu.x86.VectorOp.VMULPS;
import static io.tidemill.device.cpu.x86.VectorOp.VSUBPS;

import io.tidemill.device.cpu.x86.Address;
import io.tidemill.device.cpu.x86.Assembler;
import io.tidemill.device.cpu.x86.Condition;
import io.tidemill.device.cpu.x86.Label;
import io.tidemill.device.cpu.x86.MachineCode;
import io.tidemill.device.cpu.x86.Ymm;
import io.tidemill.program.Op;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Machine code of {@link RowKernels}, with their bits: a matrix [rows, n] against a vector for each
 * row, and the sum of its rows. The width n is in the code.
 */
final class RowCode {
  private static final Ymm MASK = Ymm.of(15);

  /** Columns of eight that are summed side by side: additions wait for each other. */
  private static final int ABREAST = 4;

  private static final Map<Form, MachineCode> CODE = new ConcurrentHashMap<>();

  /** What is done, and the width of a row. */
  private record Form(Op op, int n) {}

  private final Assembler code = new Assembler();
  private final VectorLoop loop = new VectorLoop(code, MASK);
  private final Registers registers = new Registers(MASK.number());
  private final Ymm x = registers.take();
  private final Ymm vector = registers.take();
  private final MathCode math = new MathCode(code, registers);

  private RowCode() {}

  /** The kernel of an operation whose second operand, and third, has one row; empty for others. */
  static Optional<Kernel> kernel(Op op, List<Integer> inputs, int out, long floats, int n) {
    if (!fits(n)) {
      return Optional.empty();
    }
    return switch (op) {
      case Op.AddBias _, Op.AddBiasRelu _, Op.ScaleFeatures _, Op.Standardize _ -> {
        MachineCode code = CODE.computeIfAbsent(new Form(op, n), RowCode::rows);
        int x = inputs.get(0);
        int first = inputs.get(1);
        int last = inputs.getLast();
        long rows = floats / n;
        yield Optional.of(
            v -> code.call(v[x], v[first], v[last], v[out], MemorySegment.NULL, 0, rows));
      }
      default -> Optional.empty();
    };
  }

  /** out = the sum of the rows of x, in their order. */
  static Optional<Kernel> sum(int x, int out, long rows, int n) {
    if (!fits(n)) {
      return Optional.empty();
    }
    MachineCode code = CODE.computeIfAbsent(new Form(new Op.SumRows(1), n), RowCode::sum);
    MemorySegment none = MemorySegment.NULL;
    return Optional.of(v -> code.call(v[x], v[out], none, none, none, 0, rows));
  }

  /** Whether rows are there, and not so long that an instruction cannot name the next one. */
  private static boolean fits(int n) {
    return n > 0 && n < Integer.MAX_VALUE / (2 * Float.BYTES);
  }

  private static MachineCode rows(Form form) {
    return new RowCode().writeRows(form);
  }

  private static MachineCode sum(Form form) {
    return new RowCode().writeSum(form.n);
  }

  private MachineCode writeRows(Form form) {
    Label end = code.label();
    code.mov(R8, MachineCode.SECOND_NUMBER);
    code.cmp(R8, 0);
    code.jump(Condition.EQUAL, end);
    Label next = code.here();
    code.mov(R9, 0);
    code.mov(RAX, form.n);
    loop.write(() -> element(form.op));
    code.add(RDI, form.n * Float.BYTES);
    code.add(RCX, form.n * Float.BYTES);
    code.countDown(R8, next);
    code.place(end);
    code.leave();
    return MachineCode.of(code);
  }

  private void element(Op op) {
    loop.load(x, RDI);
    loop.load(vector, RSI);
    switch (op) {
      case Op.AddBias _ -> code.op(VADDPS, x, x, vector);
      case Op.AddBiasRelu _ -> {
        code.op(VADDPS, x, x, vector);
        math.makePositive(x);
      }
      case Op.ScaleFeatures _ -> code.op(VMULPS, x, x, vector);
      default -> {
        code.op(VSUBPS, x, x, vector);
        loop.load(vector, RDX);
        code.op(VMULPS, x, x, vector);
      }
    }
    loop.store(RCX, x);
  }

  private MachineCode writeSum(int n) {
    int wide = ABREAST * Ymm.FLOATS;
    if (n >= wide) {
      code.mov(R8, n / wide);
      Label next = code.here();
      column(n, ABREAST, Ymm.FLOATS);
      code.countDown(R8, next);
    }
    int rest = n % wide;
    if (rest > 0) {
      int vectors = Math.ceilDiv(rest, Ymm.FLOATS);
      column(n, vectors, rest - (vectors - 1) * Ymm.FLOATS);
    }
    code.leave();
    return MachineCode.of(code);
  }

  /** So many vectors side by side, of which the last has so many lanes. */
  private void column(int n, int vectors, int last) {
    boolean isMasked = last < Ymm.FLOATS;
    if (isMasked) {
      code.load(MASK, code.firstLanes(last));
    }
    for (int i = 0; i < vectors; i++) {
      code.zero(Ymm.of(i));
    }
    Label end = code.label();
    code.mov(R11, RDI);
    code.mov(RAX, MachineCode.SECOND_NUMBER);
    code.cmp(RAX, 0);
    code.jump(Condition.EQUAL, end);
    Label next = code.here();
    for (int i = 0; i < vectors; i++) {
      Address at = Address.of(R11, i * Ymm.BYTES);
      if (isMasked && i == vectors - 1) {
        code.load(Ymm.of(ABREAST), MASK, at);
        code.op(VADDPS, Ymm.of(i), Ymm.of(i), Ymm.of(ABREAST));
      } else {
        code.op(VADDPS, Ymm.of(i), Ymm.of(i), at);
      }
    }
    code.add(R11, n * Float.BYTES);
    code.countDown(RAX, next);
    code.place(end);
    for (int i = 0; i < vectors; i++) {
      Address at = Address.of(RSI, i * Ymm.BYTES);
      if (isMasked && i == vectors - 1) {
        code.store(at, MASK, Ymm.of(i));
      } else {
        code.store(at, Ymm.of(i));
      }
    }
    code.add(RDI, vectors * Ymm.BYTES);
    code.add(RSI, vectors * Ymm.BYTES);
  }
}
