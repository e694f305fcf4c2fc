package io.tidemill.transport.collective;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A node of the fixed binary tree in whose order leaves are summed: the sum of leaves [from, to).
 *
 * <p>It splits at the largest power of two below the number of its leaves, as training does in one
 * process (DESIGN §7).
 *
 * @param halves both sides of the sum; empty at a leaf
 */
record LeafTree(int from, int to, Optional<Halves> halves) {
  /** The two terms of a sum, in their order. */
  record Halves(LeafTree left, LeafTree right) {}

  static LeafTree over(int from, int to) {
    if (to - from == 1) {
      return new LeafTree(from, to, Optional.empty());
    }
    int middle = from + Integer.highestOneBit(to - from - 1);
    return new LeafTree(from, to, Optional.of(new Halves(over(from, middle), over(middle, to))));
  }

  /** The fewest nodes that cover a run of leaves and no other: what a rank can sum by itself. */
  List<LeafTree> within(int runFrom, int runTo) {
    List<LeafTree> nodes = new ArrayList<>();
    collect(runFrom, runTo, nodes);
    return nodes;
  }

  private void collect(int runFrom, int runTo, List<LeafTree> nodes) {
    if (runFrom <= from && to <= runTo) {
      nodes.add(this);
    } else if (from < runTo && runFrom < to) {
      Halves both = halves.orElseThrow(); // a leaf is inside the run or outside it
      both.left.collect(runFrom, runTo, nodes);
      both.right.collect(runFrom, runTo, nodes);
    }
  }
}
