package io.tidemill.device;

import java.util.List;

/**
 * In which order buffers are added: float addition is not associative, so the order is a part of
 * what a sum is.
 *
 * <p>Immutable, and made once: adding by it allocates nothing.
 */
public sealed interface SumTree {
  /** A buffer. */
  record Term(DeviceBuffer buffer) implements SumTree {}

  /** The sum of two parts. */
  record Sum(SumTree left, SumTree right) implements SumTree {}

  /**
   * The tree over {@code terms} that splits at the largest power of two below their number; so a
   * term may stand for an aligned run of others that were summed by such a tree before.
   */
  static SumTree of(List<DeviceBuffer> terms) {
    int count = terms.size();
    if (count == 1) {
      return new Term(terms.getFirst());
    }
    int middle = middle(count);
    return new Sum(of(terms.subList(0, middle)), of(terms.subList(middle, count)));
  }

  /** The first of its terms. */
  default DeviceBuffer first() {
    return switch (this) {
      case Term(DeviceBuffer buffer) -> buffer;
      case Sum(SumTree left, SumTree _) -> left.first();
    };
  }

  /** Where the tree over {@code count} terms, two at least, splits. */
  static int middle(int count) {
    return Integer.highestOneBit(count - 1);
  }
}
