package io.tidemill.device.cpu;

import static io.tidemill.device.cpu.x86.Gpr.R11;
import static io.tidemill.device.cpu.x86.Gpr.RAX;
import static io.tidemill.device.cpu.x86.Gpr.RDI;
import static io.tidemill.device.cpu.x86.Gpr.RSI;
import static io.tidemill.device.cpu.x86.VectorOp.VADDPS;

import io.tidemill.device.SumTree;
import io.tidemill.device.SumTree.Sum;
import io.tidemill.device.SumTree.Term;
import io.tidemill.device.cpu.x86.Address;
import io.tidemill.device.cpu.x86.Assembler;
import io.tidemill.device.cpu.x86.MachineCode;
import io.tidemill.device.cpu.x86.Ymm;
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

  /** Where a term is loaded under a mask. */
  private static final Ymm LOADED = Ymm.of(14);

  /** Sums that wait for the one beside them, at most. */
  private static final int DEEPEST = 14;

  private static final Map<String, MachineCode> CODE = new ConcurrentHashMap<>();

  private final Assembler code = new Assembler();
  private final VectorLoop loop = new VectorLoop(code, MASK);
  private int terms;

  private TreeSumCode() {}

  /** Of a tree's shape, whatever its terms. */
  static MachineCode of(SumTree tree) {
    return CODE.computeIfAbsent(shape(tree), _ -> new TreeSumCode().write(tree));
  }

  /** Whether a tree needs no more registers than there are. */
  static boolean fits(SumTree tree) {
    return depth(tree) <= DEEPEST;
  }

  private static int depth(SumTree tree) {
    return switch (tree) {
      case Term _ -> 1;
      case Sum(SumTree left, SumTree right) -> Math.max(depth(left), 1 + depth(right));
    };
  }

  private static String shape(SumTree tree) {
    return switch (tree) {
      case Term _ -> ".";
      case Sum(SumTree left, SumTree right) -> "(" + shape(left) + shape(right) + ")";
    };
  }

  private MachineCode write(SumTree tree) {
    code.mov(RAX, MachineCode.SECOND_NUMBER);
    loop.write(
        () -> {
          terms = 0;
          sum(tree, 0);
          loop.store(RSI, Ymm.of(0));
        });
    code.leave();
    return MachineCode.of(code);
  }

  /** The sum into the register of this level. */
  private void sum(SumTree tree, int level) {
    switch (tree) {
      case Term _ -> load(Ymm.of(level));
      case Sum(SumTree left, Term _) -> {
        sum(left, level);
        load(LOADED);
        code.op(VADDPS, Ymm.of(level), Ymm.of(level), LOADED);
      }
      case Sum(SumTree left, SumTree right) -> {
        sum(left, level);
        sum(right, level + 1);
        code.op(VADDPS, Ymm.of(level), Ymm.of(level), Ymm.of(level + 1));
      }
    }
  }

  private void load(Ymm to) {
    code.mov(R11, Address.of(RDI, terms++ * Long.BYTES));
    loop.load(to, R11);
  }
}
