package io.tidemill.device.cpu;

import static io.tidemill.device.cpu.x86.Gpr.R11;
import static io.tidemill.device.cpu.x86.Gpr.R12;
import static io.tidemill.device.cpu.x86.Gpr.R13;
import static io.tidemill.device.cpu.x86.Gpr.R8;
import static io.tidemill.device.cpu.x86.Gpr.R9;
import static io.tidemill.device.cpu.x86.Gpr.RAX;
import static io.tidemill.device.cpu.x86.Gpr.RCX;
import static io.tidemill.device.cpu.x86.Gpr.RDI;
import static io.tidemill.device.cpu.x86.Gpr.RDX;
import static io.tidemill.device.cpu.x86.Gpr.RSI;
import static io.tidemill.device.cpu.x86.VectorOp.VANDNPS;
import static io.tidemill.device.cpu.x86.VectorOp.VDIVPD;
import static io.tidemill.device.cpu.x86.VectorOp.VDIVPS;
import static io.tidemill.device.cpu.x86.VectorOp.VMAXPS;
import static io.tidemill.device.cpu.x86.VectorOp.VMULPS;
import static io.tidemill.device.cpu.x86.VectorOp.VSUBPS;

import io.tidemill.device.cpu.x86.Address;
import io.tidemill.device.cpu.x86.Assembler;
import io.tidemill.device.cpu.x86.Condition;
import io.tidemill.device.cpu.x86.Label;
import io.tidemill.device.cpu.x86.MachineCode;
import io.tidemill.device.cpu.x86.Ymm;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

/**
 * Machine code of what each softmax is made of: the exponentials of a row and their sum ({@link
 * Exponentials}), and rows times a number each. The width of a row is in the code.
 */
final class SoftmaxCode {
  private static final int TEMPORARIES = 10;
  private static final Ymm LOW = Ymm.of(10);
  private static final Ymm HIGH = Ymm.of(11);
  private static final Ymm LOWEST = Ymm.of(12);
  private static final Ymm MAX = Ymm.of(13);
  private static final Ymm FACTOR = Ymm.of(14);
  private static final Ymm MASK = Ymm.of(15);

  private static final Map<Integer, MachineCode> EXPONENTIALS = new ConcurrentHashMap<>();
  private static final Map<Integer, MachineCode> SCALING = new ConcurrentHashMap<>();

  private static final Map<List<Integer>, MachineCode> GRADIENTS = new ConcurrentHashMap<>();

  private final Assembler code = new Assembler();
  private final VectorLoop loop = new VectorLoop(code, MASK);
  private final Registers registers = new Registers(TEMPORARIES);
  private final MathCode math = new MathCode(code, registers);
  private final DoubleSums sums = new DoubleSums(code);
  private final int n;

  private SoftmaxCode(int n) {
    this.n = n;
  }

  /**
   * Called with x, out = exp(x - largest of the row), the sums (doubles), the largest (floats, NaN
   * passed over), and as the second number the rows.
   */
  static MachineCode exponentials(int n) {
    return EXPONENTIALS.computeIfAbsent(
        n, _ -> new SoftmaxCode(n).write(SoftmaxCode::exponentiateRow));
  }

  /** Called with x and a factor for each of the rows, the second number; x is multiplied. */
  static MachineCode scaling(int n) {
    return SCALING.computeIfAbsent(n, _ -> new SoftmaxCode(n).write(SoftmaxCode::scaleRow));
  }

  /**
   * The gradient of the cross-entropy, of the rows of {@code samples}, a weight each, with so many
   * positions. Called with the exponentials, which become the result, their sums, the labels, the
   * weights and the gradient of the loss. A sample of weight 0 gives 0, and a label that is no
   * class NaN.
   */
  static MachineCode lossGradient(int samples, int positions, int classes) {
    return GRADIENTS.computeIfAbsent(
        List.of(samples, positions, classes),
        _ -> new SoftmaxCode(classes).writeGradient(samples, positions));
  }

  private MachineCode writeGradient(int samples, int positions) {
    Ymm upstream = registers.take();
    Ymm scale = registers.take();
    code.push(R12);
    code.push(R13);
    code.broadcast(upstream, Address.of(R8, 0));
    code.mov(R12, samples);
    Label nextSample = code.here();
    code.broadcast(scale, Address.of(RCX, 0));
    code.op(VMULPS, scale, scale, upstream);
    code.op(VDIVPS, scale, scale, math.number(positions));
    code.mov(R13, positions);
    Label nextRow = code.here();
    gradientRow(scale);
    code.add(RDI, n * Float.BYTES);
    code.add(RSI, Double.BYTES);
    code.add(RDX, Integer.BYTES);
    code.countDown(R13, nextRow);
    code.add(RCX, Float.BYTES);
    code.countDown(R12, nextSample);
    code.pop(R13);
    code.pop(R12);
    code.leave();
    return MachineCode.of(code);
  }

  private void gradientRow(Ymm scale) {
    Ymm x = registers.take();
    Label weighs = code.label();
    Label scaled = code.label();
    Label end = code.label();
    code.movInt(R11, Address.of(RCX, 0));
    code.and(R11, Integer.MAX_VALUE); // without the sign
    code.cmp(R11, 0);
    code.jump(Condition.NOT_EQUAL, weighs);
    code.zero(x);
    overRow(() -> loop.store(RDI, x));
    code.jump(end);
    code.place(weighs);
    code.movInt(R11, Address.of(RDX, 0));
    code.load(FACTOR, math.number(Float.NaN));
    code.cmp(R11, n); // a label below 0 is a large number here
    code.jump(Condition.NOT_LESS, scaled);
    code.broadcastDouble(LOW, Address.of(RSI, 0));
    code.widen(HIGH, scale);
    code.op(VDIVPD, LOW, HIGH, LOW);
    code.narrow(FACTOR, LOW);
    code.broadcast(FACTOR, FACTOR);
    code.place(scaled);
    overRow(
        () -> {
          loop.load(x, RDI);
          code.op(VMULPS, x, x, FACTOR);
          loop.store(RDI, x);
        });
    code.cmp(R11, n);
    code.jump(Condition.NOT_LESS, end);
    Address chosen = new Address(RDI, R11, Float.BYTES, 0);
    code.broadcast(x, chosen);
    code.op(VSUBPS, x, x, scale);
    code.storeFloat(chosen, x);
    code.place(end);
    registers.give(x);
  }

  private MachineCode write(Consumer<SoftmaxCode> row) {
    Label end = code.label();
    code.mov(R8, MachineCode.SECOND_NUMBER);
    code.cmp(R8, 0);
    code.jump(Condition.EQUAL, end);
    Label next = code.here();
    row.accept(this);
    code.countDown(R8, next);
    code.place(end);
    code.leave();
    return MachineCode.of(code);
  }

  private void exponentiateRow() {
    Ymm x = registers.take();
    code.load(LOWEST, math.number(Float.NEGATIVE_INFINITY));
    code.load(MAX, LOWEST);
    overRow(
        () -> {
          loop.load(x, RDI);
          loop.fillRest(x, LOWEST);
          code.op(VMAXPS, MAX, x, MAX);
        });
    largest(x);
    code.zero(LOW);
    code.zero(HIGH);
    overRow(
        () -> {
          loop.load(x, RDI);
          loop.fillRest(x, LOWEST);
          code.op(VSUBPS, x, x, MAX);
          exponential(x);
        });
    registers.give(x);
    sums.total(LOW, HIGH);
    code.storeDouble(Address.of(RDX, 0), LOW);
    code.storeFloat(Address.of(RCX, 0), MAX);
    code.add(RDI, n * Float.BYTES);
    code.add(RSI, n * Float.BYTES);
    code.add(RDX, Double.BYTES);
    code.add(RCX, Float.BYTES);
  }

  private void exponential(Ymm x) {
    Ymm tiny = registers.take();
    code.less(tiny, x, math.number(Exponentials.LOWEST));
    code.blend(x, x, math.number(Exponentials.LOWEST), tiny);
    Ymm y = math.expOfNoExtreme(x);
    code.op(VANDNPS, y, tiny, y);
    loop.store(RSI, y);
    sums.widen(tiny, x, y);
    sums.add(LOW, HIGH, tiny, x);
    registers.give(tiny, y);
  }

  /** The largest lane of MAX in each of its lanes; none is NaN. */
  private void largest(Ymm beside) {
    code.swapHalves(beside, MAX);
    code.op(VMAXPS, MAX, MAX, beside);
    code.swapDoubles(beside, MAX);
    code.op(VMAXPS, MAX, MAX, beside);
    code.swapFloats(beside, MAX);
    code.op(VMAXPS, MAX, MAX, beside);
  }

  private void scaleRow() {
    Ymm x = registers.take();
    code.broadcast(FACTOR, Address.of(RSI, 0));
    overRow(
        () -> {
          loop.load(x, RDI);
          code.op(VMULPS, x, x, FACTOR);
          loop.store(RDI, x);
        });
    registers.give(x);
    code.add(RDI, n * Float.BYTES);
    code.add(RSI, Float.BYTES);
  }

  private void overRow(Runnable body) {
    code.mov(R9, 0);
    code.mov(RAX, n);
    loop.write(body);
  }
}
