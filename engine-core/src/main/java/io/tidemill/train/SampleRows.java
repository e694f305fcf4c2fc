package io.tidemill.train;

import java.lang.foreign.MemorySegment;

/** The rows that a training reads, as far as they have come; any thread reads. */
sealed interface SampleRows permits SampleLog, SampleLogReader {
  /** Rows that may be read. */
  long length();

  /** Whether no row will be added any more. */
  boolean isSealed();

  /** Row {@code index} below {@link #length}. */
  MemorySegment row(long index);

  /** Whether rows should be expected some time before they are read. */
  boolean isReadAhead();

  /** Has a row on its way into memory, without waiting for it. */
  void expect(long index);
}
