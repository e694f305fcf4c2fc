package io.tidemill.transport.collective;

import io.aeron.Image;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;
import org.agrona.DirectBuffer;

/**
 * What one other rank sends to this one: where its frames go, and how far they have come.
 *
 * <p>Its parts are staged in a ring of pieces: a rank that is ahead of the slowest by more than the
 * ring holds is not read from, and Aeron holds it back. Confined to the thread of its collective.
 */
final class Inbound {
  /** Pieces of the ring: a megabyte with frames of 64 KiB. */
  static final int RING_PIECES = 16;

  /** What became of a frame. */
  enum Taken {
    TAKEN,
    /** There is no room for it yet: it is to be offered again. */
    LATER,
    /** No rank of this group sends this now. */
    UNEXPECTED
  }

  private final int peer;
  private final List<SumTree.Term> staged;
  private final MemorySegment ring;
  private final long values;
  private final int pieceFloats;
  private Optional<Image> image = Optional.empty();
  private int flags;
  private Slices slices = Slices.of(0, 0);
  private long operation;
  private long myEnd;
  private long arrivedTo;
  private int nextPart;
  private long gatheredTo;
  private boolean gathers;

  /**
   * @param staged the terms of the slice's sum that the rank sends
   * @param ring room for {@link #RING_PIECES} pieces of each of them
   * @param values address of the vector of values
   */
  Inbound(int peer, List<SumTree.Term> staged, MemorySegment ring, long values, int pieceFloats) {
    this.peer = peer;
    this.staged = staged;
    this.ring = ring;
    this.values = values;
    this.pieceFloats = pieceFloats;
  }

  int peer() {
    return peer;
  }

  /** From now on frames of this image are the rank's. */
  void admit(Image from) {
    image = Optional.of(from);
  }

  boolean isAdmitted() {
    return image.isPresent();
  }

  /** Whether the rank's stream has come to its end. */
  boolean hasLeft() {
    return image.isPresent() && image.get().isClosed();
  }

  boolean isFrom(int sessionId) {
    return image.isPresent() && image.get().sessionId() == sessionId;
  }

  void flags(int newFlags) {
    flags = newFlags;
  }

  boolean knowsUs() {
    return (flags & Frame.KNOWN) != 0;
  }

  boolean isDoneWithUs() {
    return (flags & Frame.DONE) != 0;
  }

  void begin(Operation begun, int rank) {
    operation = begun.number();
    slices = begun.slices();
    myEnd = slices.end(rank);
    arrivedTo = begun.reduces() ? slices.start(rank) : myEnd;
    nextPart = 0;
    gathers = begun.gathers();
    gatheredTo = slices.start(peer);
  }

  /** Before this float of our slice, all parts are there. */
  long arrivedTo() {
    return arrivedTo;
  }

  boolean isDone() {
    return arrivedTo == myEnd && (!gathers || gatheredTo == slices.end(peer));
  }

  /** Takes what is for the operation under way. */
  Taken take(int kind, DirectBuffer buffer, int at, int length, SliceSum sum) {
    if (length < Frame.DATA_HEADER_BYTES) {
      return Taken.UNEXPECTED;
    }
    long number = Frame.operation(buffer, at);
    if (number != operation) {
      return number > operation ? Taken.LATER : Taken.UNEXPECTED;
    }
    int floats = Frame.floats(buffer, at);
    if (floats <= 0 || length != Frame.DATA_HEADER_BYTES + floats * Float.BYTES) {
      return Taken.UNEXPECTED;
    }
    long from = Frame.from(buffer, at);
    long frame = buffer.addressOffset() + at + Frame.DATA_HEADER_BYTES;
    return kind == Frame.PART
        ? takePart(Frame.index(buffer, at), from, floats, frame, sum)
        : takeValues(from, floats, frame);
  }

  private Taken takePart(int part, long from, int floats, long frame, SliceSum sum) {
    if (arrivedTo == myEnd
        || from != arrivedTo
        || part != nextPart
        || from + floats != sum.pieceEnd(from)) {
      return Taken.UNEXPECTED;
    }
    boolean isLast = part == staged.size() - 1;
    if (isLast && sum.lacksOnly(this, from)) {
      sum.sumWith(this, frame);
    } else if (from - sum.summedTo() >= (long) RING_PIECES * pieceFloats) {
      return Taken.LATER;
    } else {
      NativeFloats.copy(frame, slot(part, sum.pieceAt(from)), floats);
    }
    nextPart = isLast ? 0 : part + 1;
    arrivedTo = isLast ? from + floats : from;
    return Taken.TAKEN;
  }

  private Taken takeValues(long from, int floats, long frame) {
    if (!gathers || from != gatheredTo || from + floats > slices.end(peer)) {
      return Taken.UNEXPECTED;
    }
    NativeFloats.copy(frame, values + from * Float.BYTES, floats);
    gatheredTo = from + floats;
    return Taken.TAKEN;
  }

  /** The staged parts of a piece are terms of the sum. */
  void placeStaged(long from, long piece) {
    for (int part = 0; part < staged.size(); part++) {
      staged.get(part).place(slot(part, piece) - from * Float.BYTES);
    }
  }

  /** The last part of a piece lies here. */
  void placeLast(long from, long address) {
    staged.get(staged.size() - 1).place(address - from * Float.BYTES);
  }

  private long slot(int part, long piece) {
    long pieces = (long) part * RING_PIECES + piece % RING_PIECES;
    return ring.address() + pieces * pieceFloats * Float.BYTES;
  }
}
