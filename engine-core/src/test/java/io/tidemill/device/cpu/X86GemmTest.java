package io.tidemill.device.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.tidemill.device.cpu.x86.Cpu;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Products by machine code beside plain loops that add in the same order, to the bit. */
final class X86GemmTest {
  private static final int[] ROWS = {4, 5, 6, 7, 8, 10, 11, 13, 14, 15, 32};
  private static final int[] COLUMNS = {1, 7, 8, 9, 15, 16, 17, 24, 31, 48};
  private static final int[] DEPTHS = {0, 1, 3, 4, 8, 9, 31, 256, 257, 784};
  private static final float OUTSIDE = 12345;

  @BeforeEach
  void needsAvx2() {
    assumeTrue(Cpu.current().avx2(), "this processor has no AVX2: its machine code is not tested");
  }

  @Test
  void addsInTheOrderOfPlainLoops() {
    Gemm gemm = new X86Gemm(new VectorGemm());
    for (int m : ROWS) {
      for (int n : COLUMNS) {
        for (int k : DEPTHS) {
          for (int form = 0; form < 4; form++) {
            check(gemm, (form & 1) != 0, (form & 2) != 0, m, n, k);
          }
        }
      }
    }
  }

  private static void check(
      Gemm gemm, boolean transposeLeft, boolean transposeRight, int m, int n, int k) {
    try (Arena arena = Arena.ofConfined()) {
      RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(m + 31L * n);
      // Matrices end where memory does, so that nothing behind them is read unseen.
      MemorySegment left = numbers(arena, m * k, random);
      MemorySegment right = numbers(arena, k * n, random);
      MemorySegment out = arena.allocate(((long) m * n + 16) * Float.BYTES, 64);
      for (int i = 0; i < m * n + 16; i++) {
        out.setAtIndex(ValueLayout.JAVA_FLOAT, i, OUTSIDE);
      }

      gemm.product(transposeLeft, transposeRight, m, n, k, arena).run(left, right, out);

      String shape = transposeLeft + " " + transposeRight + " " + m + " " + n + " " + k;
      for (int i = 0; i < m; i++) {
        for (int j = 0; j < n; j++) {
          float expected = sum(left, right, transposeLeft, transposeRight, m, n, k, i, j);
          assertEquals(expected, out.getAtIndex(ValueLayout.JAVA_FLOAT, (long) i * n + j), shape);
        }
      }
      for (int i = 0; i < 16; i++) {
        assertEquals(OUTSIDE, out.getAtIndex(ValueLayout.JAVA_FLOAT, (long) m * n + i), shape);
      }
    }
  }

  private static float sum(
      MemorySegment left,
      MemorySegment right,
      boolean transposeLeft,
      boolean transposeRight,
      int m,
      int n,
      int k,
      int i,
      int j) {
    int blocks = Math.max(1, Math.ceilDiv(k, GemmCode.DEPTH));
    int depth = Math.max(1, Math.ceilDiv(k, blocks));
    float sum = 0;
    for (int from = 0; from < k; from += depth) {
      float ofBlock = 0;
      for (int p = from; p < Math.min(k, from + depth); p++) {
        float a = left.getAtIndex(ValueLayout.JAVA_FLOAT, transposeLeft ? p * m + i : i * k + p);
        float b = right.getAtIndex(ValueLayout.JAVA_FLOAT, transposeRight ? j * k + p : p * n + j);
        ofBlock = Math.fma(a, b, ofBlock);
      }
      sum = from == 0 ? ofBlock : sum + ofBlock;
    }
    return sum;
  }

  private static MemorySegment numbers(Arena arena, int count, RandomGenerator random) {
    MemorySegment memory = arena.allocate(Math.max(1, count) * (long) Float.BYTES, 4);
    for (int i = 0; i < count; i++) {
      memory.setAtIndex(ValueLayout.JAVA_FLOAT, i, random.nextFloat() - 0.5f);
    }
    return memory;
  }
}
