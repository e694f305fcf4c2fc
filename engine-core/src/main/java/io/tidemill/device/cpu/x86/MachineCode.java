package io.tidemill.device.cpu.x86;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

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

  /**
   * The one binding, since making one takes tens of milliseconds: the functions of the system that
   * are needed here are called by it too. The calling convention passes an address and a number
   * alike, and a function does not look at what it has not declared.
   */
  private static final MethodHandle CALL =
      Linker.nativeLinker()
          .downcallHandle(
              FunctionDescriptor.of(
                  JAVA_LONG, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS, JAVA_LONG, JAVA_LONG));

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
    MemorySegment size = MemorySegment.ofAddress(bytes.length);
    MemorySegment memory =
        MemorySegment.ofAddress(
            call(
                Libc.MAP,
                MemorySegment.NULL,
                size,
                MemorySegment.ofAddress(READ_WRITE),
                MemorySegment.ofAddress(PRIVATE_ANONYMOUS),
                MemorySegment.ofAddress(NO_FILE),
                0,
                0));
    if (memory.address() == FAILED) {
      throw new UnsupportedOperationException("no memory for code");
    }
    MemorySegment code = memory.reinterpret(bytes.length);
    MemorySegment.copy(bytes, 0, code, JAVA_BYTE, 0, bytes.length);
    MemorySegment rights = MemorySegment.ofAddress(READ_EXECUTE);
    MemorySegment none = MemorySegment.NULL;
    if ((int) call(Libc.PROTECT, memory, size, rights, none, none, 0, 0) != 0) {
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
    call(entry, first, second, third, fourth, fifth, number, secondNumber);
  }

  private static long call(
      MemorySegment function,
      MemorySegment first,
      MemorySegment second,
      MemorySegment third,
      MemorySegment fourth,
      MemorySegment fifth,
      long number,
      long secondNumber) {
    try {
      return (long)
          CALL.invokeExact(function, first, second, third, fourth, fifth, number, secondNumber);
    } catch (Throwable e) {
      throw rethrown(e);
    }
  }

  /** Functions of the system: mmap and mprotect. */
  private static final class Libc {
    static final MemorySegment MAP = Linker.nativeLinker().defaultLookup().findOrThrow("mmap");
    static final MemorySegment PROTECT =
        Linker.nativeLinker().defaultLookup().findOrThrow("mprotect");
  }

  private static RuntimeException rethrown(Throwable thrown) {
    return thrown instanceof RuntimeException known
        ? known
        : new IllegalStateException("machine code cannot be called", thrown);
  }
}
