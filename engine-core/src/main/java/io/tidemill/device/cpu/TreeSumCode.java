package io.tidemill.device.cpu;

import static io.tidemill.device.cpu.x86.Gpr.R11;
import static io.tidemill.device.cpu.x86.Gpr.RAX;
import static io.tidemill.device.cpu.x86.Gpr.RDI;
import static io.tidemill.device.cpu.x86.Gpr.RSI;
import static io.tidemill.device.cpu.x86.VectorOp.VADDPS;

import io.tidemill.device.DeviceBuffer;
import io.tidemill.device.SumTree;
import io.tidemill.device.SumTree.Sum;
import io.tidemill.device.SumTree.Term;
import io.tidemill.device.cpu.x86.Address;
import io.tidemill.device.cpu.x86.Assembler;
import io.tidemill.device.cpu.x86.Gpr;
import io.tidemill.device.cpu.x86.MachineCode;
import io.tidemill.device.cpu.x86.Ymm;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Machine code that adds by one tree: eight floats of every term meet in registers, so partial sums
 * are never stored.
 *
 * <p>Called with a table of the terms' addresses, the result, the first byte and the number of
 * floats.
 */
final class TreeSumCode {
  private static final Ymm MASK = Ymm.of(15);
  private static final Ymm LOADED = Ymm.of(14);

  /** Sums that wait for the one beside them, at most. */
  private static final int DEEPEST = 14;

  private static final Map<String, MachineCode> CODE = new ConcurrentHashMap<>();

  private final Assembler code;
  private final VectorLoop loop;
  private final Gpr table;

  /** Where a term is loaded under a mask. */
  private final Ymm loaded;

  private int terms;

  private TreeSumCode(Assembler code, VectorLoop loop, Gpr table, Ymm loaded) {
    this.code = code;
    this.loop = loop;
    this.table = table;
    this.loaded = loaded;
  }

  /** Of a tree's shape, whatever its terms. */
  static MachineCode of(SumTree tree) {
    return CODE.computeIfAbsent(shape(tree), _ -> write(tree));
  }

  /** The table that code of this tree is called with. */
  static MemorySegment addresses(SumTree tree) {
    List<MemorySegment> memories = new ArrayList<>();
    collect(tree, memories);
    MemorySegment table = Arena.ofAuto().allocate((long) memories.size() * Long.BYTES, Long.BYTES);
    for (int i = 0; i < memories.size(); i++) {
      table.setAtIndex(ValueLayout.JAVA_LONG, i, memories.get(i).address());
    }
    return table;
  }

  /** Whether a tree needs no more registers than there are. */
  static boolean fits(SumTree tree) {
    return depth(tree) <= DEEPEST;
  }

  /**
   * Writes the sum of eight floats of every term into the first register, for code that goes on
   * with it; as many registers behind it as the tree is {@linkplain #depth deep} are used.
   *
   * @param table points to the terms' addresses
   * @param loaded another register that is used
   */
  static void sum(SumTree tree, Assembler code, VectorLoop loop, Gpr table, Ymm loaded) {
    new TreeSumCode(code, loop, table, loaded).sum(tree, 0);
  }

  /** Registers that sums of a tree stand in at the same time. */
  static int depth(SumTree tree) {
    return switch (tree) {
      case Term _ -> 1;
      case Sum(SumTree left, SumTree right) -> Math.max(depth(left), 1 + depth(right));
    };
  }

  /** What trees that are added by the same code have in common. */
  static String shape(SumTree tree) {
    return switch (tree) {
      case Term _ -> ".";
      case Sum(SumTree left, SumTree right) -> "(" + shape(left) + shape(right) + ")";
    };
  }

  private static MachineCode write(SumTree tree) {
    Assembler code = new Assembler();
    VectorLoop loop = new VectorLoop(code, MASK);
    code.mov(RAX, MachineCode.SECOND_NUMBER);
    loop.write(
        () -> {
          sum(tree, code, loop, RDI, LOADED);
          loop.store(RSI, Ymm.of(0));
        });
    code.leave();
    return MachineCode.of(code);
  }

  private static void collect(SumTree tree, List<MemorySegment> memories) {
    switch (tree) {
      case Term(DeviceBuffer term) -> memories.add(CpuBuffer.of(term).memory());
      case Sum(SumTree left, SumTree right) -> {
        collect(left, memories);
        collect(right, memories);
      }
    }
  }

  /** The sum into the register of this level. */
  private void sum(SumTree tree, int level) {
    switch (tree) {
      case Term _ -> load(Ymm.of(level));
      case Sum(SumTree left, Term _) -> {
        sum(left, level);
        load(loaded);
        code.op(VADDPS, Ymm.of(level), Ymm.of(level), loaded);
      }
      case Sum(SumTree left, SumTree right) -> {
        sum(left, level);
        sum(right, level + 1);
        code.op(VADDPS, Ymm.of(level), Ymm.of(level), Ymm.of(level + 1));
      }
    }
  }

  private void load(Ymm to) {
    code.mov(R11, Address.of(table, terms++ * Long.BYTES));
    loop.load(to, R11);
  }
}
