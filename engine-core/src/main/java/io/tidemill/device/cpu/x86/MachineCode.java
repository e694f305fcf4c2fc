package io.tidemill.device.cpu.x86;

import static io.tidemill.memory.NativeCall.number;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.tidemill.memory.NativeCall;
import java.lang.foreign.MemorySegment;

/**
 * A function in machine code that stays for the life of the process; any thread, and any number of
 * them at the same time.
 *
 * <p>Every function takes the same arguments, so that one binding serves them all: five addresses
 * (RDI, RSI, RDX, RCX, R8) and two numbers (R9, and on the stack). What a function does not use is
 * {@link MemorySegment#NULL} and 0. It may use each vector register, and of the general ones those
 * that the System V calling convention leaves to it; it keeps the others.
 */
public final class MachineCode {
  /** Of the second number when a function begins, before it pushes anything. */
  public static final Address SECOND_NUMBER = Address.of(Gpr.RSP, 8);

  private static final long READ_WRITE = 1 | 2;
  private static final long READ_EXECUTE = 1 | 4;
  private static final long PRIVATE_ANONYMOUS = 2 | 0x20;
  private static final long NO_FILE = -1;
  private static final long FAILED = -1;

  private final MemorySegment entry;

  private MachineCode(MemorySegment entry) {
    this.entry = entry;
  }

  /**
   * Puts code where it can be run, and no longer written.
   *
   * @throws UnsupportedOperationException where the system does not let a process run what it wrote
   */
  public static MachineCode of(Assembler assembler) {
    byte[] bytes = assembler.bytes();
    MemorySegment memory =
        MemorySegment.ofAddress(
            NativeCall.call(
                Libc.MAP,
                MemorySegment.NULL,
                number(bytes.length),
                number(READ_WRITE),
                number(PRIVATE_ANONYMOUS),
                number(NO_FILE),
                0,
                0));
    if (memory.address() == FAILED) {
      throw new UnsupportedOperationException("no memory for code");
    }
    MemorySegment code = memory.reinterpret(bytes.length);
    MemorySegment.copy(bytes, 0, code, JAVA_BYTE, 0, bytes.length);
    if ((int) NativeCall.call(Libc.PROTECT, memory, bytes.length, READ_EXECUTE) != 0) {
      throw new UnsupportedOperationException("memory cannot be made executable");
    }
    return new MachineCode(code);
  }

  /** Runs it, on this thread, to its end. */
  public void call(
      MemorySegment first,
      MemorySegment second,
      MemorySegment third,
      MemorySegment fourth,
      MemorySegment fifth,
      long number,
      long secondNumber) {
    NativeCall.call(entry, first, second, third, fourth, fifth, number, secondNumber);
  }

  /** Functions of the system: mmap and mprotect. */
  private static final class Libc {
    static final MemorySegment MAP = NativeCall.find("mmap").orElseThrow();
    static final MemorySegment PROTECT = NativeCall.find("mprotect").orElseThrow();
  }
}
