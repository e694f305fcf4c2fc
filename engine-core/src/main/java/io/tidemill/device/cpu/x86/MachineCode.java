package io.tidemill.device.cpu.x86;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
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

  private static final int READ_WRITE = 1 | 2;
  private static final int READ_EXECUTE = 1 | 4;
  private static final int PRIVATE_ANONYMOUS = 2 | 0x20;
  private static final long FAILED = -1;

  private static final MethodHandle CALL =
      Linker.nativeLinker()
          .downcallHandle(
              FunctionDescriptor.ofVoid(
                  ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS, JAVA_LONG, JAVA_LONG));

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
    MemorySegment memory = map(bytes.length);
    MemorySegment.copy(bytes, 0, memory, JAVA_BYTE, 0, bytes.length);
    try {
      int status = (int) Memory.PROTECT.invokeExact(memory, (long) bytes.length, READ_EXECUTE);
      if (status != 0) {
        throw new UnsupportedOperationException("memory cannot be made executable");
      }
    } catch (Throwable e) {
      throw rethrown(e);
    }
    return new MachineCode(memory);
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
    try {
      CALL.invokeExact(entry, first, second, third, fourth, fifth, number, secondNumber);
    } catch (Throwable e) {
      throw rethrown(e);
    }
  }

  /** What maps memory; bound when the first code is made. */
  private static final class Memory {
    private static final Linker LINKER = Linker.nativeLinker();

    static final MethodHandle MAP =
        LINKER.downcallHandle(
            LINKER.defaultLookup().findOrThrow("mmap"),
            FunctionDescriptor.of(
                JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG));
    static final MethodHandle PROTECT =
        LINKER.downcallHandle(
            LINKER.defaultLookup().findOrThrow("mprotect"),
            FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT));
  }

  private static MemorySegment map(long bytes) {
    try {
      long address =
          (long) Memory.MAP.invokeExact(0L, bytes, READ_WRITE, PRIVATE_ANONYMOUS, -1, 0L);
      if (address == FAILED) {
        throw new UnsupportedOperationException("no memory for code");
      }
      return MemorySegment.ofAddress(address).reinterpret(bytes);
    } catch (Throwable e) {
      throw rethrown(e);
    }
  }

  private static RuntimeException rethrown(Throwable thrown) {
    return thrown instanceof RuntimeException known
        ? known
        : new IllegalStateException("machine code cannot be called", thrown);
  }
}
