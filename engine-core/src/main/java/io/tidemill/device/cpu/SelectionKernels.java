package io.tidemill.device.cpu;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;

/** From logits [rows, n] to labels [rows] int64. NaN is never chosen over a number before it. */
final class SelectionKernels {
  private SelectionKernels() {}

  static void argMax(MemorySegment x, MemorySegment out, int rows, int n) {
    for (int row = 0; row < rows; row++) {
      int best = 0;
      for (int i = 1; i < n; i++) {
        float candidate = x.getAtIndex(JAVA_FLOAT, (long) row * n + i);
        best = candidate > x.getAtIndex(JAVA_FLOAT, (long) row * n + best) ? i : best;
      }
      out.setAtIndex(JAVA_LONG, row, best);
    }
  }

  static void threshold(MemorySegment x, float at, MemorySegment out, int rows) {
    for (int row = 0; row < rows; row++) {
      out.setAtIndex(JAVA_LONG, row, x.getAtIndex(JAVA_FLOAT, row) >= at ? 1 : 0);
    }
  }
}
