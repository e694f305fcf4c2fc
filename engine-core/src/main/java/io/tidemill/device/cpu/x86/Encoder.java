package io.tidemill.device.cpu.x86;

import io.tidemill.device.cpu.x86.VectorOp.Map;
import io.tidemill.device.cpu.x86.VectorOp.Prefix;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;

/**
 * How instructions of x86-64 stand in memory: prefixes, operands, distances, and the constants that
 * lie behind the code. Intel SDM, volume 2, sections 2.1 to 2.3. Which instruction is written is
 * said by {@link Assembler}, and so is who may use this.
 */
final class Encoder {
  private static final int FIRST_BYTES = 4096;

  /** Bytes, at least, of the longest instruction. */
  private static final int LONGEST = 16;

  static final int REX_W = 0x48;
  private static final int BY_RIP = 0b101;
  private static final int BY_SIB = 0b100;
  private static final int NO_INDEX = 0b100;

  /** Where a distance to a constant stands, and what of its instruction comes behind it. */
  private record Use(int at, int trailing, Constant constant) {}

  private final LinkedHashMap<List<Integer>, Constant> constants = new LinkedHashMap<>();
  private final List<Use> uses = new ArrayList<>();
  private int constantBytes;
  private ByteBuffer code = ByteBuffer.allocate(FIRST_BYTES).order(ByteOrder.LITTLE_ENDIAN);

  /** Has the next instruction be where jumps to the label go. */
  void place(Label label) {
    label.place(code.position());
    for (int jump : label.jumps()) {
      code.putInt(jump, label.position() - (jump + Integer.BYTES));
    }
  }

  /** These lanes, which lie behind the code once. */
  Constant constant(List<Integer> lanes) {
    Constant known = constants.get(lanes);
    if (known == null) {
      known = new Constant(constantBytes);
      constants.put(lanes, known);
      constantBytes += lanes.size() * Integer.BYTES;
    }
    return known;
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

  void putNumber(int number) {
    ensure();
    code.putInt(number);
  }

  void general(int opcode, Gpr reg, Gpr rm) {
    put(REX_W | reg.number() >> 3 << 2 | rm.number() >> 3, opcode);
    put(0xC0 | (reg.number() & 7) << 3 | (rm.number() & 7));
  }

  void general(int opcode, Gpr reg, Address address) {
    rex(REX_W, reg.number(), address);
    put(opcode);
    memory(reg.number(), address);
  }

  void general(int extension, Gpr to, int number) {
    boolean isShort = number == (byte) number;
    put(REX_W | to.number() >> 3, isShort ? 0x83 : 0x81);
    put(0xC0 | extension << 3 | (to.number() & 7));
    if (isShort) {
      put(number);
    } else {
      putNumber(number);
    }
  }

  void stack(int opcode, Gpr register) {
    if (register.number() >= 8) {
      put(0x41);
    }
    put(opcode | (register.number() & 7));
  }

  void rex(int prefix, int reg, Address address) {
    int index = address.scale() == 0 ? 0 : address.index().number() >> 3 << 1;
    put(prefix | reg >> 3 << 2 | index | address.base().number() >> 3);
  }

  void distance(Label to) {
    if (to.isPlaced()) {
      putNumber(to.position() - (code.position() + Integer.BYTES));
    } else {
      to.jumps().add(code.position());
      putNumber(0);
    }
  }

  /** An instruction of AVX; {@code trailing} bytes come behind its operands. */
  void vex(Prefix prefix, Map map, int opcode, int reg, Ymm second, Operand rm, int trailing) {
    vex(prefix, map, 0, opcode, reg, second, rm, trailing);
  }

  void vex(
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

  void byRip(int reg, Constant constant, int trailing) {
    put((reg & 7) << 3 | BY_RIP);
    uses.add(new Use(code.position(), trailing, constant));
    putNumber(0);
  }

  /** The bytes that say which register and which memory. */
  void memory(int reg, Address address) {
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

  void put(int... bytes) {
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
