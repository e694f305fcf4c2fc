package io.tidemill.device.cpu;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;

/**
 * Matrix product by oneDNN's {@code dnnl_sgemm}, through the foreign-function API.
 *
 * <p>oneDNN asks OpenMP how many threads the <em>calling</em> thread may use; that is set to one
 * before each product (a write to a thread-local, about 10 ns), so shards that run side by side
 * never share a pool, whoever else uses OpenMP in this process.
 */
final class DnnlGemm implements Gemm {
  private static final int SUCCESS = 0;
  private static final int AVX2_BIT = 0x4;
  private static final int AVX512_BIT = 0x20;

  private final MethodHandle sgemm;
  private final MethodHandle setNumThreads;
  private final String description;

  private DnnlGemm(MethodHandle sgemm, MethodHandle setNumThreads, String description) {
    this.sgemm = sgemm;
    this.setNumThreads = setNumThreads;
    this.description = description;
  }

  /** Binds the functions; the lookups stay loaded for the life of the process. */
  static DnnlGemm bind(SymbolLookup dnnl, SymbolLookup openMp) {
    Linker linker = Linker.nativeLinker();
    FunctionDescriptor gemm =
        FunctionDescriptor.of(
            JAVA_INT,
            JAVA_BYTE,
            JAVA_BYTE,
            JAVA_LONG,
            JAVA_LONG,
            JAVA_LONG,
            JAVA_FLOAT,
            ADDRESS,
            JAVA_LONG,
            ADDRESS,
            JAVA_LONG,
            JAVA_FLOAT,
            ADDRESS,
            JAVA_LONG);
    return new DnnlGemm(
        linker.downcallHandle(dnnl.findOrThrow("dnnl_sgemm"), gemm),
        linker.downcallHandle(
            openMp.findOrThrow("omp_set_num_threads"),
            FunctionDescriptor.ofVoid(JAVA_INT),
            Linker.Option.critical(false)),
        describe(linker, dnnl));
  }

  @Override
  public String description() {
    return description;
  }

  @Override
  public Product product(boolean transposeLeft, boolean transposeRight, int m, int n, int k) {
    byte left = (byte) (transposeLeft ? 'T' : 'N');
    byte right = (byte) (transposeRight ? 'T' : 'N');
    long leftRow = Math.max(1, transposeLeft ? m : k);
    long rightRow = Math.max(1, transposeRight ? k : n);
    long outRow = Math.max(1, n);
    return (a, b, out) -> {
      int status;
      try {
        setNumThreads.invokeExact(1);
        status =
            (int)
                sgemm.invokeExact(
                    left, right, (long) m, (long) n, (long) k, 1f, a, leftRow, b, rightRow, 0f, out,
                    outRow);
      } catch (Throwable e) {
        throw new IllegalStateException("dnnl_sgemm cannot be called", e);
      }
      if (status != SUCCESS) {
        throw new IllegalStateException(
            "dnnl_sgemm failed: status=%d m=%d n=%d k=%d".formatted(status, m, n, k));
      }
    };
  }

  /** dnnl_version_t begins with int major, minor, patch; dnnl_cpu_isa_t is a set of bits. */
  private static String describe(Linker linker, SymbolLookup dnnl) {
    try {
      MemorySegment version =
          (MemorySegment)
              linker
                  .downcallHandle(dnnl.findOrThrow("dnnl_version"), FunctionDescriptor.of(ADDRESS))
                  .invokeExact();
      int isa =
          (int)
              linker
                  .downcallHandle(
                      dnnl.findOrThrow("dnnl_get_effective_cpu_isa"),
                      FunctionDescriptor.of(JAVA_INT))
                  .invokeExact();
      MemorySegment numbers = version.reinterpret(3L * Integer.BYTES);
      String width =
          (isa & AVX512_BIT) != 0 ? "AVX-512" : (isa & AVX2_BIT) != 0 ? "AVX2" : "SSE4.1";
      return "oneDNN %d.%d.%d, %s"
          .formatted(
              numbers.getAtIndex(JAVA_INT, 0),
              numbers.getAtIndex(JAVA_INT, 1),
              numbers.getAtIndex(JAVA_INT, 2),
              width);
    } catch (Throwable e) {
      throw new IllegalStateException("dnnl_version cannot be called", e);
    }
  }
}
