package io.tidemill.device.cpu;

import static io.tidemill.device.cpu.DnnlPrimitive.RESULT;
import static io.tidemill.device.cpu.DnnlPrimitive.SOURCE;
import static io.tidemill.device.cpu.DnnlPrimitive.WEIGHTS;

import io.tidemill.device.cpu.DnnlDescriptors.Epilogue;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Matrix product of operands rounded to bf16 (to nearest, ties to even), summed in float32, by
 * oneDNN on a CPU that multiplies bf16.
 *
 * <p>Operands and result are float32 in memory; the rounded copies are made at each run. Worth it
 * where the CPU has AMX: with AVX-512 alone it is slower than float32
 * (docs/benchmarks/onednn-layouts.md).
 */
final class Bf16Gemm implements Gemm {
  private static final int ALIGNMENT = 64;

  private final Dnnl dnnl;
  private final DnnlDescriptors descriptors;

  Bf16Gemm(Dnnl dnnl) {
    this.dnnl = dnnl;
    this.descriptors = new DnnlDescriptors(dnnl);
  }

  @Override
  public String description() {
    return dnnl.description() + ", bf16";
  }

  @Override
  public Product product(
      boolean transposeLeft, boolean transposeRight, int m, int n, int k, Arena owner) {
    try (Arena building = Arena.ofConfined()) {
      long[] leftDims = {m, k};
      long[] rightDims = {k, n};
      long descriptor =
          descriptors
              .matMul(
                  building,
                  dnnl.anyFormat(building, leftDims, Dnnl.BF16),
                  dnnl.anyFormat(building, rightDims, Dnnl.BF16),
                  plain(m, n, false, building),
                  Epilogue.NOTHING)
              .orElseThrow();
      long leftFormat = dnnl.formatOf(descriptor, SOURCE);
      long rightFormat = dnnl.formatOf(descriptor, WEIGHTS);
      MemorySegment left = owner.allocate(dnnl.bytes(leftFormat), ALIGNMENT);
      MemorySegment right = owner.allocate(dnnl.bytes(rightFormat), ALIGNMENT);
      DnnlPrimitive roundLeft =
          rounding(plain(m, k, transposeLeft, building), leftFormat, building, owner);
      DnnlPrimitive roundRight =
          rounding(plain(k, n, transposeRight, building), rightFormat, building, owner);
      DnnlPrimitive product =
          new DnnlPrimitive(
              dnnl,
              "bf16 product of [%d, %d] by [%d, %d]".formatted(m, k, k, n),
              descriptor,
              owner,
              SOURCE,
              WEIGHTS,
              RESULT);
      return (a, b, out) -> {
        roundLeft.run(a, left);
        roundRight.run(b, right);
        product.run(left, right, out);
      };
    }
  }

  private long plain(int rows, int columns, boolean transposed, Arena building) {
    long[] strides = transposed ? new long[] {1, rows} : new long[] {columns, 1};
    return dnnl.format(building, new long[] {rows, columns}, strides);
  }

  private DnnlPrimitive rounding(long from, long to, Arena building, Arena owner) {
    long descriptor = descriptors.reorder(building, from, to).orElseThrow();
    return new DnnlPrimitive(dnnl, "rounding to bf16", descriptor, owner, SOURCE, RESULT);
  }
}
