package io.tidemill.device.cpu.x86;

import io.tidemill.memory.NativeCall;
import io.tidemill.memory.PageMemory;
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
    return new MachineCode(PageMemory.executable(assembler.bytes()));
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
}
