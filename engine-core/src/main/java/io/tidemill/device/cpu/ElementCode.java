package io.tidemill.device.cpu;

import static io.tidemill.device.cpu.x86.Gpr.R8;
import static io.tidemill.device.cpu.x86.Gpr.RAX;
import static io.tidemill.device.cpu.x86.Gpr.RCX;
import static io.tidemill.device.cpu.x86.Gpr.RDI;
import static io.tidemill.device.cpu.x86.Gpr.RDX;
import static io.tidemill.device.cpu.x86.Gpr.RSI;
import static io.tidemill.device.cpu.x86.VectorOp.VADDPS;
import static io.tidemill.device.cpu.x86.VectorOp.VANDPS;
import static io.tidemill.device.cpu.x86.VectorOp.VDIVPS;
import static io.tidemill.device.cpu.x86.VectorOp.VFMADD213PS;
import static io.tidemill.device.cpu.x86.VectorOp.VMULPS;
import static io.tidemill.device.cpu.x86.VectorOp.VSUBPS;

import io.tidemill.device.cpu.x86.Assembler;
import io.tidemill.device.cpu.x86.Gpr;
import io.tidemill.device.cpu.x86.MachineCode;
import io.tidemill.device.cpu.x86.Ymm;
import io.tidemill.program.Op;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Machine code of an elementwise operation, or of a chain of them: one loop, and what is between
 * two operations never leaves the registers. The bits are those of {@link ElementLoops}.
 */
final class ElementCode {
  /** Where the operands of the chain are given, and behind them the result. */
  private static final List<Gpr> BASES = List.of(RDI, RSI, RDX, RCX, R8);

  private static final int MASK = 15;
  private static final Map<Form, Optional<MachineCode>> CODE = new ConcurrentHashMap<>();

  private record Form(Op.Fused chain, int inputs) {}

  private final Op.Fused chain;
  private final int inputs;
  private final Assembler code = new Assembler();
  private final Registers registers = new Registers(MASK);
  private final MathCode math = new MathCode(code, registers);
  private final VectorLoop loop = new VectorLoop(code, Ymm.of(MASK));

  private ElementCode(Op.Fused chain, int inputs) {
    this.chain = chain;
    this.inputs = inputs;
  }

  /** Of one operation. */
  static Optional<Kernel> kernel(Op.Elementwise op, List<Integer> inputs, int out, long floats) {
    List<Integer> operands = inputs.size() == 1 ? List.of(0) : List.of(0, 1);
    return kernel(new Op.Fused(List.of(new Op.Fused.Step(op, operands))), inputs, out, floats);
  }

  /** Of a chain; empty where it wants more registers than there are. */
  static Optional<Kernel> kernel(Op.Fused chain, List<Integer> inputs, int out, long floats) {
    if (inputs.size() >= BASES.size()) {
      return Optional.empty();
    }
    return CODE.computeIfAbsent(new Form(chain, inputs.size()), ElementCode::write)
        .map(code -> kernel(code, inputs, out, floats));
  }

  private static Kernel kernel(MachineCode code, List<Integer> inputs, int out, long floats) {
    int[] given = new int[BASES.size()];
    for (int i = 0; i < given.length; i++) {
      given[i] = i < inputs.size() ? inputs.get(i) : out;
    }
    return v ->
        code.call(v[given[0]], v[given[1]], v[given[2]], v[given[3]], v[given[4]], 0, floats);
  }

  private static Optional<MachineCode> write(Form form) {
    try {
      return Optional.of(new ElementCode(form.chain, form.inputs).write());
    } catch (NoSuchElementException _) {
      return Optional.empty();
    }
  }

  private MachineCode write() {
    code.mov(RAX, MachineCode.SECOND_NUMBER);
    loop.write(this::element);
    code.leave();
    return MachineCode.of(code);
  }

  private void element() {
    List<Op.Fused.Step> steps = chain.steps();
    List<Ymm> values = new ArrayList<>();
    for (int i = 0; i < inputs; i++) {
      Ymm input = registers.take();
      loop.load(input, BASES.get(i));
      values.add(input);
    }
    for (int i = 0; i < steps.size(); i++) {
      List<Integer> operands = steps.get(i).operands();
      Ymm a = values.get(operands.getFirst());
      values.add(result(steps.get(i).op(), a, values.get(operands.getLast())));
      for (int operand : operands.stream().distinct().toList()) {
        if (isLastUse(operand, i)) {
          registers.give(values.get(operand));
        }
      }
    }
    loop.store(BASES.get(inputs), values.getLast());
    registers.give(values.getLast());
  }

  private boolean isLastUse(int value, int step) {
    return chain.steps().stream()
        .skip(step + 1L)
        .noneMatch(later -> later.operands().contains(value));
  }

  private Ymm result(Op.Elementwise op, Ymm a, Ymm b) {
    return switch (op) {
      case Op.Add _ -> {
        Ymm y = registers.take();
        code.op(VADDPS, y, a, b);
        yield y;
      }
      case Op.Mul _ -> {
        Ymm y = registers.take();
        code.op(VMULPS, y, a, b);
        yield y;
      }
      case Op.Scale(float factor) -> {
        Ymm y = registers.take();
        code.op(VMULPS, y, a, math.number(factor));
        yield y;
      }
      case Op.Relu _ -> math.positive(a);
      case Op.ReluGradient _ -> {
        Ymm y = registers.take();
        code.greater(y, a, math.number(0));
        code.op(VANDPS, y, y, b);
        yield y;
      }
      case Op.SignedLog1p _ -> math.signedLog1p(a);
      case Op.SignedLog1pGradient _ -> {
        Ymm y = math.magnitude(a);
        code.op(VADDPS, y, y, math.number(1));
        code.op(VDIVPS, y, b, y);
        yield y;
      }
      case Op.Sigmoid _ -> sigmoid(a);
      case Op.SigmoidGradient _ -> {
        Ymm y = registers.take();
        code.op(VMULPS, y, b, a);
        Ymm rest = math.complement(a);
        code.op(VMULPS, y, y, rest);
        registers.give(rest);
        yield y;
      }
      case Op.Tanh _ -> math.tanh(a);
      case Op.TanhGradient _ -> {
        Ymm y = math.negative(a);
        code.op(VFMADD213PS, y, a, math.number(1));
        code.op(VMULPS, y, b, y);
        yield y;
      }
      case Op.Gelu _ -> gelu(a);
      case Op.GeluGradient _ -> geluGradient(a, b);
      case Op.Silu _ -> {
        Ymm y = exponentialOfNegative(a);
        code.op(VADDPS, y, y, math.number(1));
        code.op(VDIVPS, y, a, y);
        yield y;
      }
      case Op.SiluGradient _ -> {
        Ymm s = sigmoid(a);
        Ymm slope = math.complement(s);
        code.op(VFMADD213PS, slope, a, math.number(1));
        code.op(VMULPS, slope, slope, s);
        code.op(VMULPS, slope, b, slope);
        registers.give(s);
        yield slope;
      }
    };
  }

  private Ymm exponentialOfNegative(Ymm x) {
    Ymm negative = math.negative(x);
    Ymm y = math.exp(negative);
    registers.give(negative);
    return y;
  }

  private Ymm sigmoid(Ymm x) {
    Ymm y = exponentialOfNegative(x);
    Ymm one = registers.take();
    code.op(VADDPS, y, y, math.number(1));
    code.load(one, math.number(1));
    code.op(VDIVPS, y, one, y);
    registers.give(one);
    return y;
  }

  private Ymm gelu(Ymm x) {
    Ymm size = math.tailArgument(x);
    Ymm tail = math.bell(size);
    Ymm ratio = math.tailRatio(size);
    code.op(VMULPS, tail, tail, ratio);
    Ymm y = math.negative(size);
    Ymm above = math.positive(x);
    code.op(VFMADD213PS, y, tail, above);
    registers.give(size, tail, ratio, above);
    return y;
  }

  private Ymm geluGradient(Ymm x, Ymm upstream) {
    Ymm size = math.tailArgument(x);
    Ymm bell = math.bell(size);
    Ymm slope = math.tailRatio(size);
    code.op(VMULPS, slope, bell, slope);
    code.op(VMULPS, bell, bell, size);
    code.op(VMULPS, bell, bell, math.number(ActivationLoops.INVERSE_ROOT_2_PI));
    code.op(VSUBPS, slope, slope, bell);
    Ymm other = math.complement(slope);
    code.greater(size, x, math.number(0));
    code.blend(slope, slope, other, size);
    code.op(VMULPS, slope, upstream, slope);
    registers.give(size, bell, other);
    return slope;
  }
}
