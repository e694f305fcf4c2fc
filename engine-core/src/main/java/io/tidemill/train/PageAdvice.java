package io.tidemill.train;

import io.tidemill.memory.NativeCall;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

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

  private static final Optional<MemorySegment> ADVISE = NativeCall.find("posix_madvise");
  private static final Optional<MemorySegment> LET_GO = NativeCall.find("madvise");
  private static final long PAGE_BYTES =
      NativeCall.find("getpagesize")
          .map(size -> NativeCall.call(size, MemorySegment.NULL, 0, 0) & 0xffff_ffffL)
          .orElse(0L);

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
    LET_GO.ifPresent(call -> NativeCall.call(call, file, file.byteSize(), DONT_NEED));
  }

  private static void advise(MemorySegment mapped, int advice) {
    if (ADVISE.isPresent() && PAGE_BYTES > 0) {
      long start = mapped.address() & -PAGE_BYTES;
      long end = mapped.address() + mapped.byteSize();
      NativeCall.call(ADVISE.get(), NativeCall.number(start), end - start, advice);
    }
  }
}
