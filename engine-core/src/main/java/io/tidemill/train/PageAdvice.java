package io.tidemill.train;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;

/**
 * Tells the operating system how mapped memory will be read: {@code posix_madvise}, {@code
 * madvise}.
 *
 * <p>Advice only: it changes how soon something is there, never what is read, and nothing happens
 * where the system does not know the call. Stateless; any thread.
 */
final class PageAdvice {
  private static final int RANDOM = 1;
  private static final int WILL_NEED = 3;

  private static final int DONT_NEED = 4;

  private static final MethodHandle ADVISE =
      find("posix_madvise", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT));
  private static final MethodHandle LET_GO =
      find("madvise", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT));
  private static final MethodHandle PAGE_BYTES =
      find("getpagesize", FunctionDescriptor.of(JAVA_INT));

  private PageAdvice() {}

  /** What is asked for, and no page around it, is to be read. */
  static void random(MemorySegment mapped) {
    advise(mapped, RANDOM);
  }

  /** Begins to read, and does not wait. */
  static void willNeed(MemorySegment mapped) {
    advise(mapped, WILL_NEED);
  }

  /**
   * Before a whole file that is mapped as shared is forced: takes its pages out of the process at
   * once, where forcing does it page by page, with an interrupt of the other cores each. They stay
   * in the system's memory with what was written, and come back when they are read.
   */
  static void letGo(MemorySegment file) {
    try {
      int _ = (int) LET_GO.invokeExact(file, file.byteSize(), DONT_NEED);
    } catch (Throwable e) {
      throw new IllegalStateException("madvise cannot be called", e);
    }
  }

  private static void advise(MemorySegment mapped, int advice) {
    try {
      int pageBytes = (int) PAGE_BYTES.invokeExact();
      if (pageBytes > 0) {
        long start = mapped.address() & -pageBytes;
        long end = mapped.address() + mapped.byteSize();
        int _ = (int) ADVISE.invokeExact(start, end - start, advice);
      }
    } catch (Throwable e) {
      throw new IllegalStateException("posix_madvise cannot be called", e);
    }
  }

  /** A function of the C library; one that gives 0 where it is not there. */
  private static MethodHandle find(String name, FunctionDescriptor type) {
    Linker linker = Linker.nativeLinker();
    return linker
        .defaultLookup()
        .find(name)
        .map(address -> linker.downcallHandle(address, type))
        .orElseGet(() -> MethodHandles.empty(type.toMethodType()));
  }
}
