package io.tidemill.device.cpu;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;

/**
 * The heavy computations of a CPU device, all by oneDNN or all by the Vector API.
 *
 * @param description for people, for example {@code oneDNN 3.13.0, AVX-512}
 */
record Primitives(
    String description, Gemm gemm, Convolutions convolutions, Attention.Factory attention) {

  static Primitives of(Dnnl dnnl) {
    Gemm gemm = new DnnlGemm(dnnl);
    return new Primitives(
        dnnl.description(),
        gemm,
        new DnnlConvolutions(dnnl, new GemmConvolutions(gemm)),
        (shape, owner) ->
            DnnlAttention.of(dnnl, shape, owner)
                .orElseGet(() -> new CausalAttentionKernels(shape)));
  }

  /** As {@link #of}, but matrix products round their operands to bf16; nothing else does. */
  static Primitives bf16(Dnnl dnnl) {
    if (!dnnl.hasBf16()) {
      throw new EngineException(
          ErrorCode.INVALID_ARGUMENT,
          "bf16: this CPU cannot multiply it: expected AVX-512 with BF16, found "
              + dnnl.description()
              + "; train in float32");
    }
    Gemm gemm = new Bf16Gemm(dnnl);
    Primitives others = of(dnnl);
    return new Primitives(gemm.description(), gemm, others.convolutions, others.attention);
  }

  /** Where oneDNN cannot be loaded. */
  static Primitives vector() {
    Gemm gemm = new VectorGemm();
    return new Primitives(
        gemm.description(),
        gemm,
        new GemmConvolutions(gemm),
        (shape, _) -> new CausalAttentionKernels(shape));
  }
}
