package io.tidemill.device.cpu.x86;

import io.tidemill.device.cpu.x86.VectorOp.Map;
import io.tidemill.device.cpu.x86.VectorOp.Prefix;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;

/**
 * Writes machine code, instruction by instruction; Intel SDM, volume 2, chapter 2.
 *
 * <p>A function's arguments are where the System V calling convention has them. Confined to one
 * thread; {@link MachineCode} makes the code run.
 */
public final class Assembler {
  private static final int FIRST_BYTES = 4096;

  /** Bytes, at least, of the longest instruction. */
  private static final int LONGEST = 16;

  private static final int REX_W = 0x48;
  private static final int BY_RIP = 0b101;
  private static final int BY_SIB = 0b100;
  private static final int NO_INDEX = 0b100;
  private static final Ymm NONE = Ymm.of(0);

  /** Where a distance to a constant stands, and what of its instruction comes behind it. */
  private record Use(int at, int trailing, Constant constant) {}

  private final LinkedHashMap<List<Integer>, Constant> constants = new LinkedHashMap<>();
  private final List<Use> uses = new ArrayList<>();
  private int constantBytes;
  private ByteBuffer code = ByteBuffer.allocate(FIRST_BYTES).order(ByteOrder.LITTLE_ENDIAN);

  /** A place that is still to be placed. */
  public Label label() {
    return new Label();
  }

  /** Has the next instruction be where jumps to the label go. */
  public void place(Label label) {
    label.place(code.position());
    for (int jump : label.jumps()) {
      code.putInt(jump, label.position() - (jump + Integer.BYTES));
    }
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
    return constant(Collections.nCopies(Ymm.FLOATS, bits));
  }

  /** The same double in each lane. */
  public Constant constant(double number) {
    long bits = Double.doubleToRawLongBits(number);
    List<Integer> lanes = new ArrayList<>();
    for (int i = 0; i < Ymm.FLOATS; i += 2) {
      lanes.add((int) bits);
      lanes.add((int) (bits >>> Integer.SIZE));
    }
    return constant(lanes);
  }

  /** All bits set in the first lanes, none in the others: what masked moves go by. */
  public Constant firstLanes(int count) {
    List<Integer> lanes = new ArrayList<>();
    for (int i = 0; i < Ymm.FLOATS; i++) {
      lanes.add(i < count ? -1 : 0);
    }
    return constant(lanes);
  }

  /**
   * Eight lanes with all bits set, and eight with none behind them: a mask of the first lanes
   * begins as many lanes before the middle.
   */
  public Constant lanes() {
    List<Integer> both = new ArrayList<>(Collections.nCopies(Ymm.FLOATS, -1));
    both.addAll(Collections.nCopies(Ymm.FLOATS, 0));
    return constant(both);
  }

  private Constant constant(List<Integer> lanes) {
    Constant known = constants.get(lanes);
    if (known == null) {
      known = new Constant(constantBytes);
      constants.put(lanes, known);
      constantBytes += lanes.size() * Integer.BYTES;
    }
    return known;
  }

  // General registers.

  /** to = from. */
  public void mov(Gpr to, Gpr from) {
    general(0x8B, to, from);
  }

  /** to = number. */
  public void mov(Gpr to, int number) {
    put(REX_W | to.number() >> 3, 0xC7, 0xC0 | (to.number() & 7));
    code.putInt(number);
  }

  /** to = the 64 bits at an address. */
  public void mov(Gpr to, Address from) {
    general(0x8B, to, from);
  }

  /** to = the 32 bits at an address, without a sign. */
  public void movInt(Gpr to, Address from) {
    rex(0x40, to.number(), from);
    put(0x8B);
    memory(to.number(), from);
  }

  /** The 64 bits at an address = from. */
  public void mov(Address to, Gpr from) {
    general(0x89, from, to);
  }

  /** to = the address. */
  public void lea(Gpr to, Address address) {
    general(0x8D, to, address);
  }

  /** to = where a constant lies. */
  public void lea(Gpr to, Constant constant) {
    put(REX_W | to.number() >> 3 << 2, 0x8D);
    byRip(to.number(), constant, 0);
  }

  /** to = to + other. */
  public void add(Gpr to, Gpr other) {
    general(0x03, to, other);
  }

  /** to = to - other. */
  public void sub(Gpr to, Gpr other) {
    general(0x2B, to, other);
  }

  /** to = to + number. */
  public void add(Gpr to, int number) {
    general(0, to, number);
  }

  /** to = to - number. */
  public void sub(Gpr to, int number) {
    general(5, to, number);
  }

  /** to = to and number. */
  public void and(Gpr to, int number) {
    general(4, to, number);
  }

  /** Compares left with right, for the next jump. */
  public void cmp(Gpr left, Gpr right) {
    general(0x3B, left, right);
  }

  /** Compares left with a number, for the next jump. */
  public void cmp(Gpr left, int number) {
    general(7, left, number);
  }

  /** to = to * 2^bits. */
  public void shl(Gpr to, int bits) {
    put(REX_W | to.number() >> 3, 0xC1, 0xE0 | (to.number() & 7), bits);
  }

  /** Keeps a register that belongs to the caller. */
  public void push(Gpr register) {
    stack(0x50, register);
  }

  /** Gives it back; in the reverse order. */
  public void pop(Gpr register) {
    stack(0x58, register);
  }

  /** Goes on at the label where the condition holds for what was compared last. */
  public void jump(Condition condition, Label to) {
    put(0x0F, 0x80 | condition.code());
    distance(to);
  }

  /** Goes on at the label. */
  public void jump(Label to) {
    put(0xE9);
    distance(to);
  }

  /** Takes 1 off, and goes on at the label while something is left. */
  public void countDown(Gpr counter, Label to) {
    sub(counter, 1);
    jump(Condition.NOT_EQUAL, to);
  }

  /** Asks for the cache line of an address. */
  public void prefetch(Address address) {
    rex(0x40, 1, address);
    put(0x0F, 0x18);
    memory(1, address);
  }

  /** Asks for the cache line of an address, to write to it. */
  public void prefetchToWrite(Address address) {
    rex(0x40, 1, address);
    put(0x0F, 0x0D);
    memory(1, address);
  }

  /** Ends the function; the upper halves of vector registers are cleared, as callers expect. */
  public void leave() {
    put(0xC5, 0xF8, 0x77, 0xC3);
  }

  /**
   * The whole function that writes what the processor says of itself to where RDI points: ECX of
   * leaf 1, EBX of leaf 7, the lower half of XCR0. Without a vector instruction, for any x86-64.
   */
  void identify() {
    put(0x53); // push rbx
    put(0xB8, 1, 0, 0, 0, 0x31, 0xC9, 0x0F, 0xA2); // eax = 1, ecx = 0, cpuid
    put(0x89, 0x0F, 0x41, 0x89, 0xC8); // [rdi] = ecx, r8d = ecx
    put(0xB8, 7, 0, 0, 0, 0x31, 0xC9, 0x0F, 0xA2); // eax = 7, ecx = 0, cpuid
    put(0x89, 0x5F, 4, 0x31, 0xC0); // [rdi + 4] = ebx, eax = 0
    put(0x41, 0xF7, 0xC0, 0, 0, 0, 8, 0x74, 5); // without OSXSAVE in r8d pass over
    put(0x31, 0xC9, 0x0F, 0x01, 0xD0); // ecx = 0, xgetbv
    put(0x89, 0x47, 8, 0x5B, 0xC3); // [rdi + 8] = eax, pop rbx, ret
  }

  // Vectors.

  /** to = a op b. */
  public void op(VectorOp op, Ymm to, Ymm a, Operand b) {
    vex(op.prefix(), op.map(), op.wide(), op.opcode(), to.number(), a, b, 0);
  }

  /** to = from; memory needs no alignment. */
  public void load(Ymm to, Operand from) {
    vex(Prefix.NONE, Map.X0F, 0x10, to.number(), NONE, from, 0);
  }

  /** Memory = from. */
  public void store(Address to, Ymm from) {
    vex(Prefix.NONE, Map.X0F, 0x11, from.number(), NONE, to, 0);
  }

  /** The lanes that the mask has; 0 in the others, whose memory is not touched. */
  public void load(Ymm to, Ymm mask, Address from) {
    vex(Prefix.X66, Map.X0F38, 0x2C, to.number(), mask, from, 0);
  }

  /** The lanes that the mask has; the memory of others is not touched. */
  public void store(Address to, Ymm mask, Ymm from) {
    vex(Prefix.X66, Map.X0F38, 0x2E, from.number(), mask, to, 0);
  }

  /** The float at an address in each lane of to. */
  public void broadcast(Ymm to, Address from) {
    vex(Prefix.X66, Map.X0F38, 0x18, to.number(), NONE, from, 0);
  }

  /** The double at an address in each lane of to. */
  public void broadcastDouble(Ymm to, Address from) {
    vex(Prefix.X66, Map.X0F38, 0x19, to.number(), NONE, from, 0);
  }

  /** The first lane of from in each lane of to. */
  public void broadcast(Ymm to, Ymm from) {
    vex(Prefix.X66, Map.X0F38, 0x18, to.number(), NONE, from, 0);
  }

  /** to = the root of from. */
  public void sqrt(Ymm to, Operand from) {
    vex(Prefix.NONE, Map.X0F, 0x51, to.number(), NONE, from, 0);
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
    vex(Prefix.NONE, Map.X0F, 0xC2, to.number(), a, b, 1);
    put(predicate);
  }

  /** to = b where the mask's sign is set, else a. */
  public void blend(Ymm to, Ymm a, Operand b, Ymm mask) {
    vex(Prefix.X66, Map.X0F3A, 0x4A, to.number(), a, b, 1);
    put(mask.number() << 4);
  }

  /** to = 128 bits of a or b each: bits 0 and 1 of the choice for the lower, 4 and 5 the upper. */
  public void halves(Ymm to, Ymm a, Operand b, int choice) {
    vex(Prefix.X66, Map.X0F3A, 0x06, to.number(), a, b, 1);
    put(choice);
  }

  /** to = the first four floats of from as doubles. */
  public void widen(Ymm to, Operand from) {
    vex(Prefix.NONE, Map.X0F, 0x5A, to.number(), NONE, from, 0);
  }

  /** The first four floats of to = the doubles of from, rounded; the others are 0. */
  public void narrow(Ymm to, Ymm from) {
    vex(Prefix.X66, Map.X0F, 0x5A, to.number(), NONE, from, 0);
  }

  /** to = the roots of the doubles of from. */
  public void sqrtDoubles(Ymm to, Operand from) {
    vex(Prefix.X66, Map.X0F, 0x51, to.number(), NONE, from, 0);
  }

  /** to = from with the 128-bit halves exchanged. */
  public void swapHalves(Ymm to, Ymm from) {
    halves(to, from, from, 0x01);
  }

  /** to = from with neighbouring doubles exchanged. */
  public void swapDoubles(Ymm to, Ymm from) {
    vex(Prefix.X66, Map.X0F, 0xC6, to.number(), from, from, 1);
    put(0b0101);
  }

  /** to = from with neighbouring floats exchanged. */
  public void swapFloats(Ymm to, Ymm from) {
    vex(Prefix.NONE, Map.X0F, 0xC6, to.number(), from, from, 1);
    put(0b10_11_00_01);
  }

  /** The double at an address = the first lane of from. */
  public void storeDouble(Address to, Ymm from) {
    vex(Prefix.XF2, Map.X0F, 0x11, from.number(), NONE, to, 0);
  }

  /** The float at an address = the first lane of from. */
  public void storeFloat(Address to, Ymm from) {
    vex(Prefix.XF3, Map.X0F, 0x11, from.number(), NONE, to, 0);
  }

  /** Integers shifted to the left. */
  public void shiftLeft(Ymm to, Ymm from, int bits) {
    vex(Prefix.X66, Map.X0F, 0x72, 6, to, from, 1);
    put(bits);
  }

  /** Integers shifted to the right, with their sign. */
  public void shiftRight(Ymm to, Ymm from, int bits) {
    vex(Prefix.X66, Map.X0F, 0x72, 4, to, from, 1);
    put(bits);
  }

  /** to = 0. */
  public void zero(Ymm to) {
    op(VectorOp.VXORPS, to, to, to);
  }

  /** The code with its constants behind it, which runs wherever it lies. */
  byte[] bytes() {
    while (code.position() % Ymm.BYTES != 0) {
      put(0x90);
    }
    int base = code.position();
    constants.keySet().forEach(lanes -> lanes.forEach(this::putNumber));
    for (Use use : uses) {
      int target = base + use.constant.offset();
      code.putInt(use.at, target - (use.at + Integer.BYTES + use.trailing));
    }
    return Arrays.copyOf(code.array(), code.position());
  }

  private void putNumber(int number) {
    ensure();
    code.putInt(number);
  }

  // Encoding.

  private void general(int opcode, Gpr reg, Gpr rm) {
    put(REX_W | reg.number() >> 3 << 2 | rm.number() >> 3, opcode);
    put(0xC0 | (reg.number() & 7) << 3 | (rm.number() & 7));
  }

  private void general(int opcode, Gpr reg, Address address) {
    rex(REX_W, reg.number(), address);
    put(opcode);
    memory(reg.number(), address);
  }

  private void general(int extension, Gpr to, int number) {
    boolean isShort = number == (byte) number;
    put(REX_W | to.number() >> 3, isShort ? 0x83 : 0x81);
    put(0xC0 | extension << 3 | (to.number() & 7));
    if (isShort) {
      put(number);
    } else {
      putNumber(number);
    }
  }

  private void stack(int opcode, Gpr register) {
    if (register.number() >= 8) {
      put(0x41);
    }
    put(opcode | (register.number() & 7));
  }

  private void rex(int prefix, int reg, Address address) {
    int index = address.scale() == 0 ? 0 : address.index().number() >> 3 << 1;
    put(prefix | reg >> 3 << 2 | index | address.base().number() >> 3);
  }

  private void distance(Label to) {
    if (to.isPlaced()) {
      putNumber(to.position() - (code.position() + Integer.BYTES));
    } else {
      to.jumps().add(code.position());
      putNumber(0);
    }
  }

  /** An instruction of AVX; {@code trailing} bytes come behind its operands. */
  private void vex(
      Prefix prefix, Map map, int opcode, int reg, Ymm second, Operand rm, int trailing) {
    vex(prefix, map, 0, opcode, reg, second, rm, trailing);
  }

  private void vex(
      Prefix prefix, Map map, int wide, int opcode, int reg, Ymm second, Operand rm, int trailing) {
    int r = ~(reg >> 3) & 1;
    int x = 1;
    int b = 1;
    switch (rm) {
      case Ymm register -> b = ~(register.number() >> 3) & 1;
      case Address(Gpr base, Gpr index, int scale, int _) -> {
        b = ~(base.number() >> 3) & 1;
        x = scale == 0 ? 1 : ~(index.number() >> 3) & 1;
      }
      case Constant _ -> {}
    }
    int last = wide << 7 | (~second.number() & 15) << 3 | 1 << 2 | prefix.code();
    if (map == Map.X0F && wide == 0 && x == 1 && b == 1) {
      put(0xC5, r << 7 | last, opcode);
    } else {
      put(0xC4, r << 7 | x << 6 | b << 5 | map.code(), last, opcode);
    }
    switch (rm) {
      case Ymm register -> put(0xC0 | (reg & 7) << 3 | (register.number() & 7));
      case Address address -> memory(reg, address);
      case Constant constant -> byRip(reg, constant, trailing);
    }
  }

  private void byRip(int reg, Constant constant, int trailing) {
    put((reg & 7) << 3 | BY_RIP);
    uses.add(new Use(code.position(), trailing, constant));
    putNumber(0);
  }

  /** The bytes that say which register and which memory. */
  private void memory(int reg, Address address) {
    int base = address.base().number() & 7;
    int displacement = address.displacement();
    boolean isShort = displacement == (byte) displacement;
    // Without a displacement the base 101 means something else.
    int mode = displacement == 0 && base != BY_RIP ? 0 : isShort ? 1 : 2;
    boolean hasSib = address.scale() != 0 || base == BY_SIB;
    put(mode << 6 | (reg & 7) << 3 | (hasSib ? BY_SIB : base));
    if (hasSib) {
      int index = address.scale() == 0 ? NO_INDEX : address.index().number() & 7;
      int scale = address.scale() == 0 ? 0 : Integer.numberOfTrailingZeros(address.scale());
      put(scale << 6 | index << 3 | base);
    }
    if (mode == 1) {
      put(displacement);
    } else if (mode == 2) {
      putNumber(displacement);
    }
  }

  private void put(int... bytes) {
    ensure();
    for (int one : bytes) {
      code.put((byte) one);
    }
  }

  private void ensure() {
    if (code.remaining() < LONGEST) {
      ByteBuffer larger = ByteBuffer.allocate(2 * code.capacity()).order(ByteOrder.LITTLE_ENDIAN);
      code = larger.put(code.flip());
    }
  }
}
