package io.tidemill.device.cpu;

/**
 * The heavy computations of a CPU device, all by oneDNN or all by the Vector API.
 *
 * @param description for people, for example {@code oneDNN 3.13.0, AVX-512}
 */
record Primitives(String description, Gemm gemm, Convolutions convolutions) {

  static Primitives of(Dnnl dnnl) {
    Gemm gemm = new DnnlGemm(dnnl);
    return new Primitives(
        dnnl.description(), gemm, new DnnlConvolutions(dnnl, new GemmConvolutions(gemm)));
  }

  /** Where oneDNN cannot be loaded. */
  static Primitives vector() {
    Gemm gemm = new VectorGemm();
    return new Primitives(gemm.description(), gemm, new GemmConvolutions(gemm));
  }
}
