package io.tidemill.transport.collective;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * The sum of vectors that lie in memory, in the order of a {@link LeafTree}; block by block, so
 * that partial sums stay in cache.
 *
 * <p>A vector is named by the address that its float 0 has, or would have. Confined to one thread.
 */
final class SumTree {
  private static final int BLOCK_FLOATS = 2048;
  private static final long BLOCK_BYTES = (long) BLOCK_FLOATS * Float.BYTES;
  private static final int LEVELS = Integer.SIZE;

  private final Node root;

  /** A block for each level of the tree. */
  private final MemorySegment scratch = Arena.ofAuto().allocate(LEVELS * BLOCK_BYTES, 64);

  SumTree(Node root) {
    this.root = root;
  }

  /** A part of the sum. */
  sealed interface Node {}

  /** A vector in memory. */
  static final class Term implements Node {
    private long address;

    Term(long address) {
      this.address = address;
    }

    /** The vector lies elsewhere now. */
    void place(long newAddress) {
      address = newAddress;
    }
  }

  /** The sum of two parts. */
  record Sum(Node left, Node right) implements Node {}

  /** {@code out[from, to)} becomes the sum. */
  void sum(long from, long to, long out) {
    for (long block = from; block < to; block += BLOCK_FLOATS) {
      long at = block * Float.BYTES;
      sum(root, at, Math.min(BLOCK_FLOATS, to - block), out + at, 0);
    }
  }

  private void sum(Node node, long at, long floats, long out, int level) {
    switch (node) {
      case Term term -> NativeFloats.copy(term.address + at, out, floats);
      case Sum(Term left, Term right) ->
          NativeFloats.add(left.address + at, right.address + at, out, floats);
      case Sum(Node left, Term right) -> {
        sum(left, at, floats, out, level);
        NativeFloats.add(out, right.address + at, out, floats);
      }
      case Sum(Node left, Node right) -> {
        sum(left, at, floats, out, level);
        long rest = scratch.address() + level * BLOCK_BYTES;
        sum(right, at, floats, rest, level + 1);
        NativeFloats.add(out, rest, out, floats);
      }
    }
  }
}
