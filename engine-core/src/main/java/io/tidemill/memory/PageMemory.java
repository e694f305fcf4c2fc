package io.tidemill.memory;

import static io.tidemill.memory.NativeCall.number;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;

/**
 * Whole pages from the operating system, for large arrays and for machine code: {@code mmap},
 * {@code madvise}, {@code mprotect} as Linux has them.
 *
 * <p>The system gives memory when it is first touched, a page at a time, which in a virtual machine
 * took 16 µs for a page of 4 KiB: 8 ms for 2 MiB, where a huge page takes 0.2 ms
 * (docs/design/0018).
 */
public final class PageMemory {
  /** Of a huge page on x86-64, and on AArch64 with pages of 4 KiB. */
  public static final long HUGE = 2L << 20;

  private static final int ALIGNMENT = 64;
  private static final long READ_WRITE = 1 | 2;
  private static final long READ_EXECUTE = 1 | 4;
  private static final long PRIVATE_ANONYMOUS = 2 | 0x20;
  private static final long NO_FILE = -1;
  private static final long FAILED = -1;
  private static final long WANT_HUGE = 14;

  private static final boolean IS_LINUX = "Linux".equals(System.getProperty("os.name"));

  private PageMemory() {}

  /** Zeros, aligned to 64 bytes; they go with {@code owner}. */
  public static MemorySegment allocate(long bytes, Arena owner) {
    return allocate(bytes, owner, ALIGNMENT);
  }

  /** The same, {@code alignment} a power of two up to {@link #HUGE}. */
  public static MemorySegment allocate(long bytes, Arena owner, long alignment) {
    Optional<MemorySegment> pages =
        IS_LINUX && bytes >= HUGE ? pages(bytes, owner) : Optional.empty();
    return pages.orElseGet(() -> owner.allocate(bytes, alignment));
  }

  /** What begins with a huge page; none of the memory beside it is ever touched. */
  private static Optional<MemorySegment> pages(long bytes, Arena owner) {
    long reserved = bytes + HUGE;
    long start = map(reserved);
    if (start == FAILED) {
      return Optional.empty(); // the JVM's allocator says what is missing
    }
    long aligned = (start + HUGE - 1) & -HUGE;
    NativeCall.call(Functions.ADVISE, number(aligned), bytes & -HUGE, WANT_HUGE);
    return Optional.of(
        number(aligned)
            .reinterpret(
                bytes, owner, _ -> NativeCall.call(Functions.UNMAP, number(start), reserved, 0)));
  }

  /**
   * These bytes where they can be run, and no longer written; for the life of the process.
   *
   * @throws UnsupportedOperationException where the system does not let a process run what it wrote
   */
  public static MemorySegment executable(byte[] code) {
    long start = map(code.length);
    if (start == FAILED) {
      throw new UnsupportedOperationException("no memory for code");
    }
    MemorySegment memory = number(start).reinterpret(code.length);
    MemorySegment.copy(code, 0, memory, ValueLayout.JAVA_BYTE, 0, code.length);
    if ((int) NativeCall.call(Functions.PROTECT, memory, code.length, READ_EXECUTE) != 0) {
      throw new UnsupportedOperationException("memory cannot be made executable");
    }
    return memory;
  }

  private static long map(long bytes) {
    MemorySegment rights = number(READ_WRITE);
    MemorySegment kind = number(PRIVATE_ANONYMOUS);
    return NativeCall.call(
        Functions.MAP, MemorySegment.NULL, number(bytes), rights, kind, number(NO_FILE), 0, 0);
  }

  private static final class Functions {
    static final MemorySegment MAP = NativeCall.find("mmap").orElseThrow();
    static final MemorySegment UNMAP = NativeCall.find("munmap").orElseThrow();
    static final MemorySegment PROTECT = NativeCall.find("mprotect").orElseThrow();
    static final MemorySegment ADVISE = NativeCall.find("madvise").orElseThrow();
  }
}
