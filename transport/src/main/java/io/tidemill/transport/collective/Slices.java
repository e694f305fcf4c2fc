package io.tidemill.transport.collective;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.util.Arrays;

/**
 * A range of a vector, cut in one slice a rank: whose floats are whose.
 *
 * <p>Immutable. Make it once for each range and keep it: an operation allocates nothing.
 */
public final class Slices {
  /** Slices begin at cache lines, as parameters do. */
  public static final int ALIGNMENT = 16;

  private final long[] bounds;

  private Slices(long[] bounds) {
    this.bounds = bounds;
  }

  /**
   * Rank r owns [bounds[r], bounds[r + 1]).
   *
   * @param bounds ascending multiples of 16, but for the end of the range, which may be any number
   */
  public static Slices of(long... bounds) {
    long[] own = bounds.clone();
    long end = own.length == 0 ? 0 : own[own.length - 1];
    boolean isCut = own.length >= 2 && own[0] >= 0;
    for (int i = 0; isCut && i < own.length; i++) {
      isCut = (own[i] % ALIGNMENT == 0 || own[i] == end) && (i == 0 || own[i] >= own[i - 1]);
    }
    if (!isCut) {
      throw new EngineException(
          ErrorCode.INVALID_ARGUMENT,
          "bounds of slices: expected one more than there are ranks, ascending multiples of %d up"
                  .formatted(ALIGNMENT)
              + " to the end, found "
              + Arrays.toString(bounds));
    }
    return new Slices(own);
  }

  /** [from, to), in slices whose lengths differ by at most 16. */
  public static Slices even(long from, long to, int ranks) {
    long[] bounds = new long[ranks + 1];
    long lines = (to - from + ALIGNMENT - 1) / ALIGNMENT;
    for (int rank = 0; rank < ranks; rank++) {
      bounds[rank] = from + rank * lines / ranks * ALIGNMENT;
    }
    bounds[ranks] = to;
    return of(bounds);
  }

  /** [from, to), all of it one rank's: what a gathering of it does is a broadcast. */
  public static Slices ownedBy(int owner, long from, long to, int ranks) {
    long[] bounds = new long[ranks + 1];
    Arrays.fill(bounds, 0, owner + 1, from);
    Arrays.fill(bounds, owner + 1, ranks + 1, to);
    return of(bounds);
  }

  public int ranks() {
    return bounds.length - 1;
  }

  /** First float of a rank's slice. */
  public long start(int rank) {
    return bounds[rank];
  }

  /** The float after the last of a rank's slice. */
  public long end(int rank) {
    return bounds[rank + 1];
  }

  @Override
  public String toString() {
    return "slices " + Arrays.toString(bounds);
  }
}
