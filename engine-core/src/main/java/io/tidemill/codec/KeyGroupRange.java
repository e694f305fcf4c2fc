package io.tidemill.codec;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;

/**
 * A contiguous run of key groups.
 *
 * @param from first group
 * @param to one past the last group; equal to {@code from} where the run is empty
 */
public record KeyGroupRange(int from, int to) {
  /** All groups: what one task alone owns, and what a part that is not keyed is stored with. */
  public static final KeyGroupRange ALL = new KeyGroupRange(0, KeyGroups.COUNT);

  public KeyGroupRange {
    if (from < 0 || to < from || to > KeyGroups.COUNT) {
      throw new EngineException(
          ErrorCode.INVALID_ARGUMENT,
          "key groups out of range: expected 0 <= from <= to <= "
              + KeyGroups.COUNT
              + " but from="
              + from
              + " to="
              + to);
    }
  }

  public boolean contains(int group) {
    return group >= from && group < to;
  }

  /** Whether the two runs share a group. */
  public boolean overlaps(KeyGroupRange other) {
    return Math.max(from, other.from) < Math.min(to, other.to);
  }

  @Override
  public String toString() {
    return "[" + from + ", " + to + ")";
  }
}
