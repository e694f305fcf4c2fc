package io.tidemill.train;

import io.tidemill.storage.FileContent;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Memory of a copy that is taken while a training stands and written while it goes on: used again
 * once it is written, for fresh memory is zeroed and faulted in page by page.
 *
 * <p>One thread takes copies, any thread writes them. A copy that is not written, because its
 * checkpoint was given up, keeps its memory to itself, and the next has new memory.
 */
final class CopyMemory {
  private final long floats;
  private final AtomicReference<MemorySegment> spare = new AtomicReference<>();

  CopyMemory(long floats) {
    this.floats = floats;
  }

  /** Memory that is the caller's; what is in it is left from another copy. */
  MemorySegment take() {
    MemorySegment written = spare.getAndSet(null);
    return written == null ? Arena.ofAuto().allocate(floats * Float.BYTES, 64) : written;
  }

  /** {@code content}, which reads {@code copy} and is the last that does. */
  FileContent last(MemorySegment copy, FileContent content) {
    return channel -> {
      content.writeTo(channel);
      spare.set(copy);
    };
  }
}
