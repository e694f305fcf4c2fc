package io.tidemill.device.cpu.x86;

import static io.tidemill.device.cpu.x86.Gpr.R10;
import static io.tidemill.device.cpu.x86.Gpr.R11;
import static io.tidemill.device.cpu.x86.Gpr.R12;
import static io.tidemill.device.cpu.x86.Gpr.R13;
import static io.tidemill.device.cpu.x86.Gpr.R15;
import static io.tidemill.device.cpu.x86.Gpr.R8;
import static io.tidemill.device.cpu.x86.Gpr.R9;
import static io.tidemill.device.cpu.x86.Gpr.RAX;
import static io.tidemill.device.cpu.x86.Gpr.RBP;
import static io.tidemill.device.cpu.x86.Gpr.RBX;
import static io.tidemill.device.cpu.x86.Gpr.RCX;
import static io.tidemill.device.cpu.x86.Gpr.RDI;
import static io.tidemill.device.cpu.x86.Gpr.RDX;
import static io.tidemill.device.cpu.x86.Gpr.RSI;
import static io.tidemill.device.cpu.x86.Gpr.RSP;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** What is written beside what the GNU assembler (2.40) writes for the same instruction. */
final class AssemblerTest {
  private static final Ymm[] Y = Ymm.ALL.toArray(Ymm[]::new);

  @Test
  void writesInstructionsOnGeneralRegisters() {
    expect("49 8b c5", code -> code.mov(RAX, R13));
    expect("4c 8b 54 24 08", code -> code.mov(R10, Address.of(RSP, 8)));
    expect("49 89 1c 24", code -> code.mov(Address.of(R12, 0), RBX));
    expect("41 8b 45 00", code -> code.movInt(RAX, Address.of(R13, 0)));
    expect("4c 8d 8b c0 24 00 00", code -> code.lea(R9, Address.of(RBX, 9408)));
    expect("4c 03 d9", code -> code.add(R11, RCX));
    expect("49 83 c0 10", code -> code.add(R8, 16));
    expect("48 81 c7 00 08 00 00", code -> code.add(RDI, 2048));
    expect("4c 2b d0", code -> code.sub(R10, RAX));
    expect("49 83 ec 01", code -> code.sub(R12, 1));
    expect("49 81 e3 ff ff ff 7f", code -> code.and(R11, Integer.MAX_VALUE));
    expect("49 83 fb 0a", code -> code.cmp(R11, 10));
    expect("49 3b c7", code -> code.cmp(RAX, R15));
    expect("48 c1 e0 02", code -> code.shl(RAX, 2));
    expect("41 54", code -> code.push(R12));
    expect("5b", code -> code.pop(RBX));
    expect("41 0f 18 48 40", code -> code.prefetch(Address.of(R8, 64)));
  }

  @Test
  void writesInstructionsOnVectors() {
    expect("c5 ec 58 cb", code -> code.op(VectorOp.VADDPS, Y[1], Y[2], Y[3]));
    expect("c4 41 2c 58 cb", code -> code.op(VectorOp.VADDPS, Y[9], Y[10], Y[11]));
    expect("c4 c1 1c 59 45 00", code -> code.op(VectorOp.VMULPS, Y[0], Y[12], Address.of(R13, 0)));
    expect("c4 a1 7c 10 2c 0c", code -> code.load(Y[5], Address.of(RSP, R9)));
    expect("c5 7c 11 75 20", code -> code.store(Address.of(RBP, 32), Y[14]));
    expect("c4 c2 0d b8 c4", code -> code.op(VectorOp.VFMADD231PS, Y[0], Y[14], Y[12]));
    expect(
        "c4 22 75 a8 84 8f 80 00 00 00",
        code -> code.op(VectorOp.VFMADD213PS, Y[8], Y[1], new Address(RDI, R9, 4, 128)));
    expect("c4 c2 e5 b8 d5", code -> code.op(VectorOp.VFMADD231PD, Y[2], Y[3], Y[13]));
    expect("c4 02 7d 18 74 50 04", code -> code.broadcast(Y[14], new Address(R8, R10, 2, 4)));
    expect("c4 c2 7d 18 c9", code -> code.broadcast(Y[1], Y[9]));
    expect("c4 62 7d 19 16", code -> code.broadcastDouble(Y[10], Address.of(RSI, 0)));
    expect("c4 a2 05 2c 14 0f", code -> code.load(Y[2], Y[15], Address.of(RDI, R9)));
    expect("c4 22 45 2e 14 0e", code -> code.store(Address.of(RSI, R9), Y[7], Y[10]));
    expect("c5 dc c2 e5 11", code -> code.less(Y[4], Y[4], Y[5]));
    expect("c4 41 1c c2 dd 1e", code -> code.greater(Y[11], Y[12], Y[13]));
    expect("c5 ec c2 cb 16", code -> code.notAtMost(Y[1], Y[2], Y[3]));
    expect("c4 c3 6d 4a c9 f0", code -> code.blend(Y[1], Y[2], Y[9], Y[15]));
    expect("c4 63 7d 06 c4 20", code -> code.halves(Y[8], Y[0], Y[4], 0x20));
    expect("c4 c1 65 72 f4 17", code -> code.shiftLeft(Y[3], Y[12], 23));
    expect("c5 b5 72 e3 01", code -> code.shiftRight(Y[9], Y[3], 1));
    expect("c4 c1 75 fe ca", code -> code.op(VectorOp.VPADDD, Y[1], Y[1], Y[10]));
    expect("c5 fc 51 d2", code -> code.sqrt(Y[2], Y[2]));
    expect("c5 7d 51 e2", code -> code.sqrtDoubles(Y[12], Y[2]));
    expect("c4 c1 7c 5a ee", code -> code.widen(Y[5], Y[14]));
    expect("c4 c1 7d 5a ee", code -> code.narrow(Y[5], Y[14]));
    expect("c4 c1 35 c6 c9 05", code -> code.swapDoubles(Y[1], Y[9]));
    expect("c4 c1 34 c6 c9 b1", code -> code.swapFloats(Y[1], Y[9]));
    expect("c4 c1 3d 14 e2", code -> code.op(VectorOp.VUNPCKLPD, Y[4], Y[8], Y[10]));
  }

  /** A scalar's width is the one that the instruction ignores: its bit is set here, not there. */
  @Test
  void writesStoresOfOneLane() {
    expect("c5 7f 11 12", code -> code.storeDouble(Address.of(RDX, 0), Y[10]));
    expect("c5 7e 11 29", code -> code.storeFloat(Address.of(RCX, 0), Y[13]));
  }

  @Test
  void jumpsForwardsAndBackwardsAndFindsConstants() {
    assumeTrue(Cpu.current().avx2(), "this processor has no AVX2: machine code is not run");
    Assembler code = new Assembler();
    Label end = code.label();
    code.load(Y[0], code.constant(1.5f));
    code.load(Y[1], code.constant(0f));
    code.cmp(R9, 0);
    code.jump(Condition.EQUAL, end);
    Label next = code.here();
    code.op(VectorOp.VADDPS, Y[1], Y[1], Y[0]);
    code.sub(R9, 1);
    code.jump(Condition.NOT_EQUAL, next);
    code.place(end);
    code.store(Address.of(RDI, 0), Y[1]);
    code.leave();
    MachineCode timesOneAndAHalf = MachineCode.of(code);

    assertEquals(0, run(timesOneAndAHalf, 0));
    assertEquals(1.5f, run(timesOneAndAHalf, 1));
    assertEquals(150, run(timesOneAndAHalf, 100));
  }

  @Test
  void longCodeGrows() {
    assumeTrue(Cpu.current().avx2(), "this processor has no AVX2: machine code is not run");
    Assembler code = new Assembler();
    code.zero(Y[1]);
    for (int i = 1; i <= 2000; i++) {
      code.op(VectorOp.VADDPS, Y[1], Y[1], code.constant((float) i));
    }
    code.store(Address.of(RDI, 0), Y[1]);
    code.leave();

    assertEquals(2000 * 2001 / 2, run(MachineCode.of(code), 0));
  }

  @Test
  void knowsWhatTheSystemDoesNotSave() {
    int all = -1;
    assertEquals(new Cpu(true, true), Cpu.of(all, all, all));
    assertEquals(new Cpu(true, false), Cpu.of(all, all, 0b110));
    assertEquals(new Cpu(false, false), Cpu.of(all, all, 0b10));
    assertEquals(new Cpu(false, false), Cpu.of(all & ~(1 << 27), all, all));
    assertEquals(new Cpu(false, false), Cpu.of(all & ~(1 << 12), all, all));
    assertEquals(new Cpu(false, false), Cpu.of(all, 0, all));
  }

  private static float run(MachineCode code, long number) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(Ymm.BYTES, Ymm.BYTES);
      MemorySegment none = MemorySegment.NULL;
      code.call(out, none, none, none, none, number, 0);
      float[] lanes = out.toArray(ValueLayout.JAVA_FLOAT);
      float[] expected = new float[Ymm.FLOATS];
      Arrays.fill(expected, lanes[0]);
      assertArrayEquals(expected, lanes);
      return lanes[0];
    }
  }

  private static void expect(String hex, Consumer<Assembler> instruction) {
    Assembler code = new Assembler();
    instruction.accept(code);
    String written = HexFormat.ofDelimiter(" ").formatHex(code.bytes());
    assertTrue(written.startsWith(hex), () -> "expected " + hex + ", found " + written);
  }
}
