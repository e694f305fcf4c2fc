package io.tidemill.device.cpu.x86;

import io.tidemill.device.cpu.x86.VectorOp.Map;
import io.tidemill.device.cpu.x86.VectorOp.Prefix;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * Writes machine code, instruction by instruction; Intel SDM, volume 2, chapter 2.
 *
 * <p>A function's arguments are where the System V calling convention has them. Confined to one
 * thread; {@link MachineCode} makes the code run.
 */
public final class Assembler {
  private static final Ymm NONE = Ymm.of(0);

  private final Encoder encoder = new Encoder();

  /** A place that is still to be placed. */
  public Label label() {
    return new Label();
  }

  /** Has the next instruction be where jumps to the label go. */
  public void place(Label label) {
    encoder.place(label);
  }

  /** The label of the next instruction. */
  public Label here() {
    Label label = label();
    place(label);
    return label;
  }

  /** The same float in each lane. */
  public Constant constant(float number) {
    return constant(Float.floatToRawIntBits(number));
  }

  /** The same bits in each lane. */
  public Constant constant(int bits) {
    return encoder.constant(Collections.nCopies(Ymm.FLOATS, bits));
  }

  /** The same double in each lane. */
  public Constant constant(double number) {
    long bits = Double.doubleToRawLongBits(number);
    List<Integer> lanes = new ArrayList<>();
    for (int i = 0; i < Ymm.FLOATS; i += 2) {
      lanes.add((int) bits);
      lanes.add((int) (bits >>> Integer.SIZE));
    }
    return encoder.constant(lanes);
  }

  /** All bits set in the first lanes, none in the others: what masked moves go by. */
  public Constant firstLanes(int count) {
    List<Integer> lanes = new ArrayList<>();
    for (int i = 0; i < Ymm.FLOATS; i++) {
      lanes.add(i < count ? -1 : 0);
    }
    return encoder.constant(lanes);
  }

  /**
   * Eight lanes with all bits set, and eight with none behind them: a mask of the first lanes
   * begins as many lanes before the middle.
   */
  public Constant lanes() {
    List<Integer> both = new ArrayList<>(Collections.nCopies(Ymm.FLOATS, -1));
    both.addAll(Collections.nCopies(Ymm.FLOATS, 0));
    return encoder.constant(both);
  }

  // General registers.

  /** to = from. */
  public void mov(Gpr to, Gpr from) {
    encoder.general(0x8B, to, from);
  }

  /** to = number. */
  public void mov(Gpr to, int number) {
    encoder.put(Encoder.REX_W | to.number() >> 3, 0xC7, 0xC0 | (to.number() & 7));
    encoder.putNumber(number);
  }

  /** to = the 64 bits at an address. */
  public void mov(Gpr to, Address from) {
    encoder.general(0x8B, to, from);
  }

  /** to = the 32 bits at an address, without a sign. */
  public void movInt(Gpr to, Address from) {
    encoder.rex(0x40, to.number(), from);
    encoder.put(0x8B);
    encoder.memory(to.number(), from);
  }

  /** The 64 bits at an address = from. */
  public void mov(Address to, Gpr from) {
    encoder.general(0x89, from, to);
  }

  /** to = the address. */
  public void lea(Gpr to, Address address) {
    encoder.general(0x8D, to, address);
  }

  /** to = where a constant lies. */
  public void lea(Gpr to, Constant constant) {
    encoder.put(Encoder.REX_W | to.number() >> 3 << 2, 0x8D);
    encoder.byRip(to.number(), constant, 0);
  }

  /** to = to + other. */
  public void add(Gpr to, Gpr other) {
    encoder.general(0x03, to, other);
  }

  /** to = to - other. */
  public void sub(Gpr to, Gpr other) {
    encoder.general(0x2B, to, other);
  }

  /** to = to + number. */
  public void add(Gpr to, int number) {
    encoder.general(0, to, number);
  }

  /** to = to - number. */
  public void sub(Gpr to, int number) {
    encoder.general(5, to, number);
  }

  /** to = to and number. */
  public void and(Gpr to, int number) {
    encoder.general(4, to, number);
  }

  /** Compares left with right, for the next jump. */
  public void cmp(Gpr left, Gpr right) {
    encoder.general(0x3B, left, right);
  }

  /** Compares left with a number, for the next jump. */
  public void cmp(Gpr left, int number) {
    encoder.general(7, left, number);
  }

  /** to = to * 2^bits. */
  public void shl(Gpr to, int bits) {
    encoder.put(Encoder.REX_W | to.number() >> 3, 0xC1, 0xE0 | (to.number() & 7), bits);
  }

  /** Keeps a register that belongs to the caller. */
  public void push(Gpr register) {
    encoder.stack(0x50, register);
  }

  /** Gives it back; in the reverse order. */
  public void pop(Gpr register) {
    encoder.stack(0x58, register);
  }

  /** Goes on at the label where the condition holds for what was compared last. */
  public void jump(Condition condition, Label to) {
    encoder.put(0x0F, 0x80 | condition.code());
    encoder.distance(to);
  }

  /** Goes on at the label. */
  public void jump(Label to) {
    encoder.put(0xE9);
    encoder.distance(to);
  }

  /** Takes 1 off, and goes on at the label while something is left. */
  public void countDown(Gpr counter, Label to) {
    sub(counter, 1);
    jump(Condition.NOT_EQUAL, to);
  }

  /** Asks for the cache line of an address. */
  public void prefetch(Address address) {
    encoder.rex(0x40, 1, address);
    encoder.put(0x0F, 0x18);
    encoder.memory(1, address);
  }

  /** Asks for the cache line of an address, to write to it. */
  public void prefetchToWrite(Address address) {
    encoder.rex(0x40, 1, address);
    encoder.put(0x0F, 0x0D);
    encoder.memory(1, address);
  }

  /** Ends the function; the upper halves of vector registers are cleared, as callers expect. */
  public void leave() {
    encoder.put(0xC5, 0xF8, 0x77, 0xC3);
  }

  /**
   * The whole function that writes what the processor says of itself to where RDI points: ECX of
   * leaf 1, EBX of leaf 7, the lower half of XCR0. Without a vector instruction, for any x86-64.
   */
  void identify() {
    encoder.put(0x53); // push rbx
    encoder.put(0xB8, 1, 0, 0, 0, 0x31, 0xC9, 0x0F, 0xA2); // eax = 1, ecx = 0, cpuid
    encoder.put(0x89, 0x0F, 0x41, 0x89, 0xC8); // [rdi] = ecx, r8d = ecx
    encoder.put(0xB8, 7, 0, 0, 0, 0x31, 0xC9, 0x0F, 0xA2); // eax = 7, ecx = 0, cpuid
    encoder.put(0x89, 0x5F, 4, 0x31, 0xC0); // [rdi + 4] = ebx, eax = 0
    encoder.put(0x41, 0xF7, 0xC0, 0, 0, 0, 8, 0x74, 5); // without OSXSAVE in r8d pass over
    encoder.put(0x31, 0xC9, 0x0F, 0x01, 0xD0); // ecx = 0, xgetbv
    encoder.put(0x89, 0x47, 8, 0x5B, 0xC3); // [rdi + 8] = eax, pop rbx, ret
  }

  // Vectors.

  /** to = a op b. */
  public void op(VectorOp op, Ymm to, Ymm a, Operand b) {
    encoder.vex(op.prefix(), op.map(), op.wide(), op.opcode(), to.number(), a, b, 0);
  }

  /** to = from; memory needs no alignment. */
  public void load(Ymm to, Operand from) {
    encoder.vex(Prefix.NONE, Map.X0F, 0x10, to.number(), NONE, from, 0);
  }

  /** Memory = from. */
  public void store(Address to, Ymm from) {
    encoder.vex(Prefix.NONE, Map.X0F, 0x11, from.number(), NONE, to, 0);
  }

  /** The lanes that the mask has; 0 in the others, whose memory is not touched. */
  public void load(Ymm to, Ymm mask, Address from) {
    encoder.vex(Prefix.X66, Map.X0F38, 0x2C, to.number(), mask, from, 0);
  }

  /** The lanes that the mask has; the memory of others is not touched. */
  public void store(Address to, Ymm mask, Ymm from) {
    encoder.vex(Prefix.X66, Map.X0F38, 0x2E, from.number(), mask, to, 0);
  }

  /** The float at an address in each lane of to. */
  public void broadcast(Ymm to, Address from) {
    encoder.vex(Prefix.X66, Map.X0F38, 0x18, to.number(), NONE, from, 0);
  }

  /** The double at an address in each lane of to. */
  public void broadcastDouble(Ymm to, Address from) {
    encoder.vex(Prefix.X66, Map.X0F38, 0x19, to.number(), NONE, from, 0);
  }

  /** The first lane of from in each lane of to. */
  public void broadcast(Ymm to, Ymm from) {
    encoder.vex(Prefix.X66, Map.X0F38, 0x18, to.number(), NONE, from, 0);
  }

  /** to = the root of from. */
  public void sqrt(Ymm to, Operand from) {
    encoder.vex(Prefix.NONE, Map.X0F, 0x51, to.number(), NONE, from, 0);
  }

  /** to = all bits where a is not at most b: greater, or one is NaN. */
  public void notAtMost(Ymm to, Ymm a, Operand b) {
    compare(0x16, to, a, b);
  }

  /** to = all bits where a is less than b, none elsewhere and where one is NaN. */
  public void less(Ymm to, Ymm a, Operand b) {
    compare(0x11, to, a, b);
  }

  /** to = all bits where a is greater than b, none elsewhere and where one is NaN. */
  public void greater(Ymm to, Ymm a, Operand b) {
    compare(0x1E, to, a, b);
  }

  private void compare(int predicate, Ymm to, Ymm a, Operand b) {
    encoder.vex(Prefix.NONE, Map.X0F, 0xC2, to.number(), a, b, 1);
    encoder.put(predicate);
  }

  /** to = b where the mask's sign is set, else a. */
  public void blend(Ymm to, Ymm a, Operand b, Ymm mask) {
    encoder.vex(Prefix.X66, Map.X0F3A, 0x4A, to.number(), a, b, 1);
    encoder.put(mask.number() << 4);
  }

  /** to = 128 bits of a or b each: bits 0 and 1 of the choice for the lower, 4 and 5 the upper. */
  public void halves(Ymm to, Ymm a, Operand b, int choice) {
    encoder.vex(Prefix.X66, Map.X0F3A, 0x06, to.number(), a, b, 1);
    encoder.put(choice);
  }

  /** to = the first four floats of from as doubles. */
  public void widen(Ymm to, Operand from) {
    encoder.vex(Prefix.NONE, Map.X0F, 0x5A, to.number(), NONE, from, 0);
  }

  /** The first four floats of to = the doubles of from, rounded; the others are 0. */
  public void narrow(Ymm to, Ymm from) {
    encoder.vex(Prefix.X66, Map.X0F, 0x5A, to.number(), NONE, from, 0);
  }

  /** to = the roots of the doubles of from. */
  public void sqrtDoubles(Ymm to, Operand from) {
    encoder.vex(Prefix.X66, Map.X0F, 0x51, to.number(), NONE, from, 0);
  }

  /** to = from with the 128-bit halves exchanged. */
  public void swapHalves(Ymm to, Ymm from) {
    halves(to, from, from, 0x01);
  }

  /** to = from with neighbouring doubles exchanged. */
  public void swapDoubles(Ymm to, Ymm from) {
    encoder.vex(Prefix.X66, Map.X0F, 0xC6, to.number(), from, from, 1);
    encoder.put(0b0101);
  }

  /** to = from with neighbouring floats exchanged. */
  public void swapFloats(Ymm to, Ymm from) {
    encoder.vex(Prefix.NONE, Map.X0F, 0xC6, to.number(), from, from, 1);
    encoder.put(0b10_11_00_01);
  }

  /** The double at an address = the first lane of from. */
  public void storeDouble(Address to, Ymm from) {
    encoder.vex(Prefix.XF2, Map.X0F, 0x11, from.number(), NONE, to, 0);
  }

  /** The float at an address = the first lane of from. */
  public void storeFloat(Address to, Ymm from) {
    encoder.vex(Prefix.XF3, Map.X0F, 0x11, from.number(), NONE, to, 0);
  }

  /** Integers shifted to the left. */
  public void shiftLeft(Ymm to, Ymm from, int bits) {
    encoder.vex(Prefix.X66, Map.X0F, 0x72, 6, to, from, 1);
    encoder.put(bits);
  }

  /** Integers shifted to the right, with their sign. */
  public void shiftRight(Ymm to, Ymm from, int bits) {
    encoder.vex(Prefix.X66, Map.X0F, 0x72, 4, to, from, 1);
    encoder.put(bits);
  }

  /** to = 0. */
  public void zero(Ymm to) {
    op(VectorOp.VXORPS, to, to, to);
  }

  /** The code with its constants behind it, which runs wherever it lies. */
  byte[] bytes() {
    return encoder.bytes();
  }
}
