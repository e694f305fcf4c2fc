package io.tidemill.memory;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.Optional;

/**
 * Calls functions outside the JVM that take addresses and whole numbers, by one binding for all of
 * them: making a binding takes the linker some milliseconds at each start.
 *
 * <p>The calling conventions of 64-bit systems pass an address and a whole number alike, and a
 * function does not look at what it has not declared: what one does not take is {@link
 * MemorySegment#NULL} and 0, and of a result that is an int the lower half counts. Any thread.
 */
public final class NativeCall {
  private static final MethodHandle CALL =
      Linker.nativeLinker()
          .downcallHandle(
              FunctionDescriptor.of(
                  JAVA_LONG, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS, JAVA_LONG, JAVA_LONG));

  private NativeCall() {}

  /** A function of the C library; empty where this system has none of that name. */
  public static Optional<MemorySegment> find(String name) {
    return Linker.nativeLinker().defaultLookup().find(name);
  }

  /** What the function gives; memory that was closed is refused. */
  public static long call(
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
    } catch (RuntimeException e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException("a native function cannot be called", e);
    }
  }

  /** {@link #call} of a function of three arguments. */
  public static long call(MemorySegment function, MemorySegment first, long second, long third) {
    MemorySegment none = MemorySegment.NULL;
    return call(function, first, number(second), number(third), none, none, 0, 0);
  }

  /** A number where {@link #call} has an address. */
  public static MemorySegment number(long number) {
    return MemorySegment.ofAddress(number);
  }
}
