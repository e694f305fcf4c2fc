package io.tidemill.device.cpu;

import java.lang.foreign.Arena;

/** Matrix product by oneDNN's {@code dnnl_sgemm}. */
final class DnnlGemm implements Gemm {
  private final Dnnl dnnl;

  DnnlGemm(Dnnl dnnl) {
    this.dnnl = dnnl;
  }

  @Override
  public String description() {
    return dnnl.description();
  }

  @Override
  public Product product(
      boolean transposeLeft, boolean transposeRight, int m, int n, int k, Arena owner) {
    byte left = (byte) (transposeLeft ? 'T' : 'N');
    byte right = (byte) (transposeRight ? 'T' : 'N');
    long leftRow = Math.max(1, transposeLeft ? m : k);
    long rightRow = Math.max(1, transposeRight ? k : n);
    long outRow = Math.max(1, n);
    return (a, b, out) -> dnnl.sgemm(left, right, m, n, k, a, leftRow, b, rightRow, out, outRow);
  }
}
