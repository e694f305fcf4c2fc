package io.tidemill.device.cpu;

import static io.tidemill.device.cpu.x86.Gpr.R10;
import static io.tidemill.device.cpu.x86.Gpr.R11;
import static io.tidemill.device.cpu.x86.Gpr.R12;
import static io.tidemill.device.cpu.x86.Gpr.R13;
import static io.tidemill.device.cpu.x86.Gpr.R14;
import static io.tidemill.device.cpu.x86.Gpr.R15;
import static io.tidemill.device.cpu.x86.Gpr.R8;
import static io.tidemill.device.cpu.x86.Gpr.R9;
import static io.tidemill.device.cpu.x86.Gpr.RAX;
import static io.tidemill.device.cpu.x86.Gpr.RBP;
import static io.tidemill.device.cpu.x86.Gpr.RBX;
import static io.tidemill.device.cpu.x86.Gpr.RCX;
import static io.tidemill.device.cpu.x86.Gpr.RDI;
import static io.tidemill.device.cpu.x86.Gpr.RDX;
import static io.tidemill.device.cpu.x86.Gpr.RSI;
import static io.tidemill.device.cpu.x86.VectorOp.VADDPS;
import static io.tidemill.device.cpu.x86.VectorOp.VFMADD231PS;

import io.tidemill.device.cpu.PanelCode.Panel;
import io.tidemill.device.cpu.x86.Address;
import io.tidemill.device.cpu.x86.Assembler;
import io.tidemill.device.cpu.x86.Gpr;
import io.tidemill.device.cpu.x86.Label;
import io.tidemill.device.cpu.x86.MachineCode;
import io.tidemill.device.cpu.x86.Ymm;
import java.util.ArrayList;
import java.util.List;

/**
 * Writes the machine code of one matrix product: its shape is in the code.
 *
 * <p>The right matrix is packed, 16 columns (a panel) and up to {@link #DEPTH} of k (a block) at a
 * time, so that it is read in order from the first-level cache; a tile of 6 rows by 16 columns of
 * the result stays in 12 registers over a block (Goto, van de Geijn 2008, Anatomy of
 * High-Performance Matrix Multiplication). Each element is summed in the order of k, by fused
 * multiply-add, within a block; blocks are added in order.
 *
 * <p>Registers: RDI left, RSI right, both from the block on; RDX result, RCX the packed panel; RBX,
 * RAX left and result from the tile on; R13, R14 right and result from the panel on.
 */
final class GemmCode {
  /** Most of k that is summed in registers: a packed panel of it, 16 KiB, leaves room for rows. */
  static final int DEPTH = 256;

  private static final long CHUNK_BYTES = 1L << 18;
  private static final int ROWS = 6;
  private static final int UNROLLED = 4;
  private static final int FLOAT = Float.BYTES;
  private static final int VECTORS = 2;
  private static final int COLUMNS = VECTORS * Ymm.FLOATS;
  private static final List<Gpr> KEPT = List.of(RBX, RBP, R12, R13, R14, R15);

  /** Tiles of so many rows below each other. */
  private record Tiles(int rows, int count) {}

  private final Assembler code = new Assembler();
  private final boolean transposeLeft;
  private final boolean transposeRight;
  private final int m;
  private final int n;
  private final int k;

  GemmCode(boolean transposeLeft, boolean transposeRight, int m, int n, int k) {
    this.transposeLeft = transposeLeft;
    this.transposeRight = transposeRight;
    this.m = m;
    this.n = n;
    this.k = k;
  }

  /** Bytes of the packed panel. */
  static long scratchBytes(int k) {
    return (long) Math.max(1, depth(k)) * COLUMNS * FLOAT;
  }

  /** Called with left, right, result and the packed panel. */
  MachineCode write() {
    KEPT.forEach(code::push);
    if (!transposeLeft) {
      code.mov(R10, k * FLOAT);
    }
    int depth = depth(k);
    int blocks = Math.max(1, Math.ceilDiv(k, Math.max(1, depth)));
    if (blocks > 2) {
      block(depth, false);
      code.mov(R12, blocks - 2);
      Label next = code.here();
      code.push(R12);
      block(depth, true);
      code.pop(R12);
      code.countDown(R12, next);
    } else if (blocks == 2) {
      block(depth, false);
    }
    block(k - (blocks - 1) * depth, blocks > 1);
    KEPT.reversed().forEach(code::pop);
    code.leave();
    return MachineCode.of(code);
  }

  /** How much of k a block has: blocks are about equal. */
  private static int depth(int k) {
    return Math.ceilDiv(k, Math.max(1, Math.ceilDiv(k, DEPTH)));
  }

  /** Adds what so much of k gives to the result, or begins it. */
  private void block(int depth, boolean adds) {
    int chunk = chunkRows(depth);
    int leftBytes = (transposeLeft ? 1 : k) * FLOAT;
    if (m > chunk) {
      code.mov(R12, m / chunk);
      Label next = code.here();
      code.push(R12);
      rows(chunk, depth, adds);
      code.add(RDI, chunk * leftBytes);
      code.add(RDX, chunk * n * FLOAT);
      code.pop(R12);
      code.countDown(R12, next);
    }
    int rest = m > chunk ? m % chunk : m;
    if (rest > 0) {
      rows(rest, depth, adds);
    }
    code.sub(RDI, (m - rest) * leftBytes);
    code.sub(RDX, (m - rest) * n * FLOAT);
    code.add(RDI, depth * (transposeLeft ? m : 1) * FLOAT);
    code.add(RSI, depth * (transposeRight ? 1 : n) * FLOAT);
  }

  /** So many rows of the left matrix that a block of them stays in the second-level cache. */
  private int chunkRows(int depth) {
    int chunks = Math.toIntExact(Math.ceilDiv((long) m * depth * FLOAT, CHUNK_BYTES));
    return Math.ceilDiv(Math.ceilDiv(m, Math.max(1, chunks)), ROWS) * ROWS;
  }

  private void rows(int rows, int depth, boolean adds) {
    code.mov(R13, RSI);
    code.mov(R14, RDX);
    if (n >= COLUMNS) {
      boolean isDirect = !transposeRight && m <= ROWS;
      Panel panel = new Panel(VECTORS, Ymm.FLOATS, (isDirect ? n : COLUMNS) * FLOAT);
      code.mov(R12, n / COLUMNS);
      Label next = code.here();
      panel(panel, rows, depth, adds, isDirect);
      code.add(R13, COLUMNS * (transposeRight ? k : 1) * FLOAT);
      code.add(R14, COLUMNS * FLOAT);
      code.countDown(R12, next);
    }
    int rest = n % COLUMNS;
    if (rest > 0) {
      int vectors = Math.ceilDiv(rest, Ymm.FLOATS);
      int last = rest - (vectors - 1) * Ymm.FLOATS;
      panel(new Panel(vectors, last, vectors * Ymm.BYTES), rows, depth, adds, false);
    }
  }

  private void panel(Panel panel, int rows, int depth, boolean adds, boolean isDirect) {
    if (!isDirect) {
      new PanelCode(code, panel, rightRow()).pack(transposeRight, depth);
    }
    code.mov(RBX, RDI);
    code.mov(RAX, R14);
    for (Tiles tiles : tiles(rows)) {
      code.mov(R15, tiles.count);
      Label next = code.here();
      code.mov(R11, isDirect ? R13 : RCX);
      tile(tiles.rows, panel, depth, adds);
      code.add(RBX, tiles.rows * (transposeLeft ? 1 : k) * FLOAT);
      code.add(RAX, tiles.rows * n * FLOAT);
      code.countDown(R15, next);
    }
  }

  /** Floats from one row of the right matrix, as it lies, to the next. */
  private int rightRow() {
    return transposeRight ? k : n;
  }

  /** Tiles of 6 rows, and 4 or 3 where that leaves fewer registers idle. */
  private static List<Tiles> tiles(int rows) {
    int sixes = rows / ROWS;
    int rest = rows % ROWS;
    List<Tiles> tiles = new ArrayList<>();
    if (sixes > 0 && (rest == 1 || rest == 2)) {
      tiles.add(new Tiles(ROWS, sixes - 1));
      tiles.add(new Tiles(4, rest));
      tiles.add(new Tiles(3, 2 - rest));
    } else {
      tiles.add(new Tiles(ROWS, sixes));
      tiles.add(new Tiles(rest, 1));
    }
    tiles.removeIf(one -> one.rows * one.count == 0);
    return tiles;
  }

  // A tile.

  private void tile(int rows, Panel panel, int depth, boolean adds) {
    for (int i = 0; i < rows * panel.vectors(); i++) {
      code.zero(Ymm.of(i));
    }
    for (int row = 0; row < rows; row++) {
      code.prefetchToWrite(Address.of(RAX, row * n * FLOAT));
    }
    code.mov(R8, RBX);
    if (!transposeLeft && rows > 3) {
      code.lea(R9, Address.of(RBX, 3 * k * FLOAT));
    }
    int rounds = depth / UNROLLED;
    if (rounds > 0) {
      code.mov(RBP, rounds);
      Label next = code.here();
      steps(rows, panel, UNROLLED);
      code.countDown(RBP, next);
    }
    steps(rows, panel, depth % UNROLLED);
    finish(rows, panel, adds);
  }

  /** So many of k. */
  private void steps(int rows, Panel panel, int count) {
    for (int step = 0; step < count; step++) {
      for (int v = 0; v < panel.vectors(); v++) {
        code.load(right(v), Address.of(R11, step * panel.rowBytes() + v * Ymm.BYTES));
      }
      for (int row = 0; row < rows; row++) {
        Ymm left = Ymm.of(14 + row % 2);
        code.broadcast(left, left(row, step));
        for (int v = 0; v < panel.vectors(); v++) {
          code.op(VFMADD231PS, sum(row, v, panel), left, right(v));
        }
      }
    }
    if (count > 0) {
      code.add(R11, count * panel.rowBytes());
      code.add(R8, count * (transposeLeft ? m : 1) * FLOAT);
      if (!transposeLeft && rows > 3) {
        code.add(R9, count * FLOAT);
      }
    }
  }

  private Address left(int row, int step) {
    if (transposeLeft) {
      return Address.of(R8, (step * m + row) * FLOAT);
    }
    Gpr base = row < 3 ? R8 : R9;
    int displacement = step * FLOAT;
    return row % 3 == 0
        ? Address.of(base, displacement)
        : new Address(base, R10, row % 3, displacement);
  }

  private static Ymm right(int vector) {
    return Ymm.of(12 + vector);
  }

  private static Ymm sum(int row, int vector, Panel panel) {
    return Ymm.of(row * panel.vectors() + vector);
  }

  private void finish(int rows, Panel panel, boolean adds) {
    Ymm mask = Ymm.of(12);
    Ymm before = Ymm.of(13);
    if (!panel.isWhole()) {
      code.load(mask, code.firstLanes(panel.last()));
    }
    for (int row = 0; row < rows; row++) {
      for (int v = 0; v < panel.vectors(); v++) {
        Ymm sum = sum(row, v, panel);
        Address at = Address.of(RAX, row * n * FLOAT + v * Ymm.BYTES);
        if (panel.isMasked(v)) {
          if (adds) {
            code.load(before, mask, at);
            code.op(VADDPS, sum, sum, before);
          }
          code.store(at, mask, sum);
        } else {
          if (adds) {
            code.op(VADDPS, sum, sum, at);
          }
          code.store(at, sum);
        }
      }
    }
  }
}
