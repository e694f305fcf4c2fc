package io.tidemill.device.cpu;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Product of float32 matrices, row-major, on the calling thread alone.
 *
 * <p>Two of them: oneDNN's, and the Vector API's where that cannot be loaded; and a third that
 * rounds its operands to bf16. Each gives the same bits for the same shape and operands; they
 * differ in rounding.
 */
interface Gemm {

  /** For people, for example {@code oneDNN 3.13.0, AVX-512}. */
  String description();

  /**
   * A product of fixed shape, [m, k] by [k, n] after transposing; belongs to one execution, and may
   * hold scratch space until {@code owner} closes.
   */
  Product product(boolean transposeLeft, boolean transposeRight, int m, int n, int k, Arena owner);

  /** out = op(left) op(right); out overlaps neither. */
  @FunctionalInterface
  interface Product {
    void run(MemorySegment left, MemorySegment right, MemorySegment out);
  }
}
