package io.tidemill.device.cpu;

import static io.tidemill.device.cpu.Lanes.BYTES;
import static io.tidemill.device.cpu.Lanes.FLOAT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/**
 * Matrix product by the Vector API: tiles of four rows by two vectors, held in registers.
 *
 * <p>Each element of the result is one chain of fused multiply-adds in the order of k, so its bits
 * depend on its row and column alone. Panels of the right matrix are read in place where they are
 * whole, and else (transposed, or the last columns) packed first. The last columns are computed in
 * a tile at the side.
 */
final class VectorGemm implements Gemm {
  private static final int TILE_ROWS = 4;
  private static final int PANEL = 2 * Lanes.LENGTH;
  private static final long PANEL_BYTES = 2 * BYTES;

  @Override
  public String description() {
    return "Vector API, " + Lanes.SPECIES.vectorBitSize() + "-bit";
  }

  @Override
  public Product product(
      boolean transposeLeft, boolean transposeRight, int m, int n, int k, Arena owner) {
    MemorySegment panel = owner.allocate(Math.max(1, k) * PANEL_BYTES, BYTES);
    MemorySegment edge = owner.allocate(TILE_ROWS * PANEL_BYTES, BYTES);
    // Bytes between the rows and between the columns of op(left).
    long rowStep = transposeLeft ? Float.BYTES : (long) k * Float.BYTES;
    long innerStep = transposeLeft ? (long) m * Float.BYTES : Float.BYTES;
    long outStep = (long) n * Float.BYTES;
    return (left, right, out) -> {
      for (int column = 0; column < n; column += PANEL) {
        boolean whole = column + PANEL <= n;
        boolean inPlace = whole && !transposeRight;
        if (!inPlace) {
          pack(right, transposeRight, n, k, column, panel);
        }
        MemorySegment source = inPlace ? right : panel;
        long sourceAt = inPlace ? (long) column * Float.BYTES : 0;
        long stride = inPlace ? outStep : PANEL_BYTES;
        for (int row = 0; row < m; row += TILE_ROWS) {
          int height = Math.min(TILE_ROWS, m - row);
          long outAt = row * outStep + (long) column * Float.BYTES;
          MemorySegment target = whole ? out : edge;
          long targetAt = whole ? outAt : 0;
          long targetStep = whole ? outStep : PANEL_BYTES;
          if (height == TILE_ROWS) {
            tile(
                left,
                row * rowStep,
                rowStep,
                innerStep,
                source,
                sourceAt,
                stride,
                k,
                target,
                targetAt,
                targetStep);
          } else {
            for (int i = 0; i < height; i++) {
              line(
                  left,
                  (row + i) * rowStep,
                  innerStep,
                  source,
                  sourceAt,
                  stride,
                  k,
                  target,
                  targetAt + i * targetStep);
            }
          }
          for (int i = 0; i < height && !whole; i++) {
            long bytes = (long) (n - column) * Float.BYTES;
            MemorySegment.copy(edge, i * PANEL_BYTES, out, outAt + i * outStep, bytes);
          }
        }
      }
    };
  }

  /** Copies columns [column, column + PANEL) of op(right) to [k, PANEL], zeros beyond n. */
  private static void pack(
      MemorySegment right, boolean transposed, int n, int k, int column, MemorySegment panel) {
    int width = Math.min(PANEL, n - column);
    for (int i = 0; i < PANEL; i++) {
      long at = transposed ? (long) (column + i) * k : column + i;
      long step = transposed ? 1 : n;
      for (int inner = 0; inner < k; inner++) {
        float element = i < width ? right.getAtIndex(FLOAT, at + inner * step) : 0;
        panel.setAtIndex(FLOAT, (long) inner * PANEL + i, element);
      }
    }
  }

  /**
   * Four rows by two vectors: out = op(left) right, the inner dimension being k; steps in bytes.
   */
  static void tile(
      MemorySegment left,
      long leftAt,
      long rowStep,
      long innerStep,
      MemorySegment right,
      long rightAt,
      long stride,
      int k,
      MemorySegment out,
      long outAt,
      long outStep) {
    FloatVector c00 = Lanes.broadcast(0);
    FloatVector c01 = Lanes.broadcast(0);
    FloatVector c10 = Lanes.broadcast(0);
    FloatVector c11 = Lanes.broadcast(0);
    FloatVector c20 = Lanes.broadcast(0);
    FloatVector c21 = Lanes.broadcast(0);
    FloatVector c30 = Lanes.broadcast(0);
    FloatVector c31 = Lanes.broadcast(0);
    long a = leftAt;
    long b = rightAt;
    for (int inner = 0; inner < k; inner++) {
      FloatVector b0 = Lanes.load(right, b);
      FloatVector b1 = Lanes.load(right, b + BYTES);
      FloatVector a0 = Lanes.broadcast(left.get(FLOAT, a));
      FloatVector a1 = Lanes.broadcast(left.get(FLOAT, a + rowStep));
      FloatVector a2 = Lanes.broadcast(left.get(FLOAT, a + 2 * rowStep));
      FloatVector a3 = Lanes.broadcast(left.get(FLOAT, a + 3 * rowStep));
      c00 = a0.fma(b0, c00);
      c01 = a0.fma(b1, c01);
      c10 = a1.fma(b0, c10);
      c11 = a1.fma(b1, c11);
      c20 = a2.fma(b0, c20);
      c21 = a2.fma(b1, c21);
      c30 = a3.fma(b0, c30);
      c31 = a3.fma(b1, c31);
      a += innerStep;
      b += stride;
    }
    Lanes.store(c00, out, outAt);
    Lanes.store(c01, out, outAt + BYTES);
    Lanes.store(c10, out, outAt + outStep);
    Lanes.store(c11, out, outAt + outStep + BYTES);
    Lanes.store(c20, out, outAt + 2 * outStep);
    Lanes.store(c21, out, outAt + 2 * outStep + BYTES);
    Lanes.store(c30, out, outAt + 3 * outStep);
    Lanes.store(c31, out, outAt + 3 * outStep + BYTES);
  }

  /** One row of a tile, for the rows that are left. */
  private static void line(
      MemorySegment left,
      long leftAt,
      long innerStep,
      MemorySegment right,
      long rightAt,
      long stride,
      int k,
      MemorySegment out,
      long outAt) {
    FloatVector c0 = Lanes.broadcast(0);
    FloatVector c1 = Lanes.broadcast(0);
    long a = leftAt;
    long b = rightAt;
    for (int inner = 0; inner < k; inner++) {
      FloatVector element = Lanes.broadcast(left.get(FLOAT, a));
      c0 = element.fma(Lanes.load(right, b), c0);
      c1 = element.fma(Lanes.load(right, b + BYTES), c1);
      a += innerStep;
      b += stride;
    }
    Lanes.store(c0, out, outAt);
    Lanes.store(c1, out, outAt + BYTES);
  }
}
