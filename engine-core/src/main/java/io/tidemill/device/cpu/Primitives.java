package io.tidemill.device.cpu;

import io.tidemill.device.cpu.x86.Cpu;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.program.Precision;
import java.util.Optional;

/**
 * The heavy computations of a CPU device, all by oneDNN or all by the Vector API.
 *
 * @param description for people, for example {@code oneDNN 3.13.0, AVX-512}
 * @param isNative whether products and convolutions are not loops of the Vector API
 * @param isMachineCode whether elementwise work is done by code that is written for this processor
 * @param gemm multiplies float32 matrices
 * @param bf16Gemm rounds the operands to bf16; empty where the CPU does not multiply those
 */
record Primitives(
    String description,
    boolean isNative,
    boolean isMachineCode,
    Gemm gemm,
    Optional<Gemm> bf16Gemm,
    Convolutions convolutions,
    Attention.Factory attention) {

  static Primitives of(Dnnl dnnl) {
    Cpu cpu = Cpu.current();
    Gemm ofDnnl = new DnnlGemm(dnnl);
    Gemm gemm = cpu.avx2() && !cpu.avx512() ? new X86Gemm(ofDnnl) : ofDnnl;
    Optional<Gemm> bf16Gemm = dnnl.hasBf16() ? Optional.of(new Bf16Gemm(dnnl)) : Optional.empty();
    return new Primitives(
        dnnl.description(),
        true,
        cpu.avx2(),
        gemm,
        bf16Gemm,
        new DnnlConvolutions(dnnl, new GemmConvolutions(gemm)),
        (shape, owner) ->
            DnnlAttention.of(dnnl, shape, owner)
                .orElseGet(() -> new CausalAttentionKernels(shape)));
  }

  /** Where oneDNN cannot be loaded. */
  static Primitives vector() {
    Gemm gemm = new VectorGemm();
    return new Primitives(
        gemm.description(),
        false,
        false,
        gemm,
        Optional.empty(),
        new GemmConvolutions(gemm),
        (shape, _) -> new CausalAttentionKernels(shape));
  }

  /** Why there are none in this precision, in words that end a sentence; empty where there are. */
  Optional<String> unavailable(Precision precision) {
    return switch (precision) {
      case FLOAT32 -> Optional.empty();
      case BF16 ->
          bf16Gemm.isPresent()
              ? Optional.empty()
              : Optional.of(
                  "bf16: this CPU cannot multiply it: expected oneDNN on AVX-512 with BF16, found "
                      + description
                      + "; train in float32");
    };
  }

  /** Those that multiply matrices in this precision; the others stay as they are. */
  Primitives in(Precision precision) {
    unavailable(precision)
        .ifPresent(
            reason -> {
              throw new EngineException(ErrorCode.INVALID_ARGUMENT, reason);
            });
    return switch (precision) {
      case FLOAT32 -> this;
      case BF16 -> {
        Gemm rounding = bf16Gemm.orElseThrow();
        yield new Primitives(
            rounding.description(),
            isNative,
            isMachineCode,
            rounding,
            bf16Gemm,
            convolutions,
            attention);
      }
    };
  }
}
