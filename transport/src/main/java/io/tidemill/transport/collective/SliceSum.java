package io.tidemill.transport.collective;

import java.util.List;

/**
 * The sum of one rank's slice from its own leaves and from what the others send, piece by piece.
 *
 * <p>A piece is summed when the parts of all others for it have arrived; pieces follow one another.
 * Confined to the thread of its collective.
 */
final class SliceSum {
  private final SumTree tree;
  private final List<Inbound> inbounds;
  private final long values;
  private final int pieceFloats;
  private long start;
  private long end;
  private long summedTo;

  /**
   * @param tree of own leaves and staged parts
   * @param values address of the vector of values
   */
  SliceSum(SumTree tree, List<Inbound> inbounds, long values, int pieceFloats) {
    this.tree = tree;
    this.inbounds = inbounds;
    this.values = values;
    this.pieceFloats = pieceFloats;
  }

  void begin(Operation operation, int rank) {
    start = operation.slices().start(rank);
    end = operation.slices().end(rank);
    summedTo = operation.reduces() ? start : end;
  }

  /** Before this float, the slice can be sent. */
  long summedTo() {
    return summedTo;
  }

  boolean isDone() {
    return summedTo == end;
  }

  /** Which piece of the slice begins at this float. */
  long pieceAt(long from) {
    return (from - start) / pieceFloats;
  }

  /** The float after the last of the piece that begins at this one. */
  long pieceEnd(long from) {
    return Math.min(end, from + pieceFloats);
  }

  /** Sums pieces whose parts are there, a few at most; how many. */
  int sumPieces(int most) {
    int pieces = 0;
    while (pieces < most && summedTo < end && haveAllArrived(pieceEnd(summedTo))) {
      placeStaged();
      sumPiece();
      pieces++;
    }
    return pieces;
  }

  /**
   * Whether the last part of the next piece is this one of a rank, so that it can be added from
   * where it lies.
   */
  boolean lacksOnly(Inbound inbound, long from) {
    if (from != summedTo) {
      return false;
    }
    for (int i = 0; i < inbounds.size(); i++) {
      Inbound other = inbounds.get(i);
      if (other != inbound && other.arrivedTo() < pieceEnd(from)) {
        return false;
      }
    }
    return true;
  }

  /** Sums the next piece, one of whose parts lies outside the staging memory. */
  void sumWith(Inbound inbound, long lastPartAddress) {
    placeStaged();
    inbound.placeLast(summedTo, lastPartAddress);
    sumPiece();
  }

  private void placeStaged() {
    for (int i = 0; i < inbounds.size(); i++) {
      inbounds.get(i).placeStaged(summedTo, pieceAt(summedTo));
    }
  }

  private void sumPiece() {
    long to = pieceEnd(summedTo);
    tree.sum(summedTo, to, values);
    summedTo = to;
  }

  private boolean haveAllArrived(long to) {
    for (int i = 0; i < inbounds.size(); i++) {
      if (inbounds.get(i).arrivedTo() < to) {
        return false;
      }
    }
    return true;
  }
}
