package io.tidemill.device.cpu;

import io.tidemill.device.cpu.x86.MachineCode;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Matrix product by machine code that is written for its shape ({@link GemmCode}), for AVX2.
 *
 * <p>oneDNN's own for AVX2 reaches 52 to 83 GFLOP/s at the shapes of an MLP, where a core does 90;
 * this reaches 75 to 85 (docs/design/0017). For AVX-512 oneDNN's is better.
 */
final class X86Gemm implements Gemm {
  private static final int ALIGNMENT = 64;

  /** For fewer, reading the right matrix is all, and packing it as much again. */
  private static final int FEWEST_ROWS = 4;

  /** Above, distances no longer fit what an instruction has for them. */
  private static final long MOST_FLOATS = 1L << 28;

  /** Of the shapes seen: code is small and shapes are few. */
  private static final ConcurrentHashMap<Form, MachineCode> CODE = new ConcurrentHashMap<>();

  private final Gemm other;

  private record Form(boolean transposeLeft, boolean transposeRight, int m, int n, int k) {
    MachineCode write() {
      return new GemmCode(transposeLeft, transposeRight, m, n, k).write();
    }
  }

  /** {@code other} multiplies what this is not for: few rows, or too many. */
  X86Gemm(Gemm other) {
    this.other = other;
  }

  @Override
  public String description() {
    return "AVX2";
  }

  @Override
  public Product product(
      boolean transposeLeft, boolean transposeRight, int m, int n, int k, Arena owner) {
    long most = Math.max((long) m * n, Math.max((long) m * k, (long) k * n));
    if (most > MOST_FLOATS || m < FEWEST_ROWS) {
      return other.product(transposeLeft, transposeRight, m, n, k, owner);
    }
    if (n == 0) {
      return (_, _, _) -> {};
    }
    MachineCode code =
        CODE.computeIfAbsent(new Form(transposeLeft, transposeRight, m, n, k), Form::write);
    MemorySegment panel = owner.allocate(GemmCode.scratchBytes(k), ALIGNMENT);
    return (left, right, out) -> code.call(left, right, out, panel, MemorySegment.NULL, 0, 0);
  }
}
