package io.tidemill.device.cpu;

import java.lang.foreign.Arena;

/**
 * Convolutions of float32 images [rows, height, width, channels] on the calling thread alone.
 *
 * <p>Two of them, as of {@link Gemm}: oneDNN's, and patches multiplied by {@link Gemm}. What is
 * made here belongs to one execution and holds memory, and oneDNN's objects, until {@code owner}
 * closes.
 */
interface Convolutions {

  /** (x, weight) to the result. */
  Gemm.Product forward(Convolution convolution, Arena owner);

  /** (weight, dy) to dx. */
  Gemm.Product inputGradient(Convolution convolution, Arena owner);

  /** (x, dy) to dw. */
  Gemm.Product weightGradient(Convolution convolution, Arena owner);
}
