package io.tidemill.serving.batch;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;

/**
 * The few row counts that programs are compiled for: powers of two from 2 on, and the cap.
 *
 * <p>None is of one row: there oneDNN was seen to give other bits than for 2 to 64 rows, which all
 * agreed (AVX-512; 784-512-256-10 and 15-64-1). {@code ServingServerTest} compares rows over batch
 * sizes on the device that it finds; another device has to pass it before this can be relied on.
 *
 * @param maxRows most rows of a batch
 */
record RowBuckets(int maxRows) {
  private static final int LEAST = 2;

  RowBuckets {
    if (maxRows < 1) {
      throw new EngineException(
          ErrorCode.INVALID_ARGUMENT, "batch rows: expected at least 1, found " + maxRows);
    }
  }

  int count() {
    return indexFor(maxRows) + 1;
  }

  /** The position of the smallest bucket that holds {@code rows}. */
  int indexFor(int rows) {
    return rows <= LEAST ? 0 : Integer.SIZE - 1 - Integer.numberOfLeadingZeros(rows - 1);
  }

  /** The rows of the bucket at {@code index}. */
  int rows(int index) {
    return Math.max(LEAST, Math.min(LEAST << index, maxRows));
  }
}
