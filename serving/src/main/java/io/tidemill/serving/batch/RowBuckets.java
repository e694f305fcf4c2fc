package io.tidemill.serving.batch;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;

/**
 * The few row counts that programs are compiled for: the powers of two below the cap, and the cap.
 *
 * @param maxRows most rows of a batch
 */
record RowBuckets(int maxRows) {
  RowBuckets {
    if (maxRows < 1) {
      throw new EngineException(
          ErrorCode.INVALID_ARGUMENT, "batch rows: expected at least 1, found " + maxRows);
    }
  }

  int count() {
    return maxRows == 1 ? 1 : 33 - Integer.numberOfLeadingZeros(maxRows - 1);
  }

  /** The position of the smallest bucket that holds {@code rows}. */
  int indexFor(int rows) {
    return rows <= 1 ? 0 : 32 - Integer.numberOfLeadingZeros(rows - 1);
  }

  /** The rows of the bucket at {@code index}. */
  int rows(int index) {
    return Math.min(1 << index, maxRows);
  }
}
