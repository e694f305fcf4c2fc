package io.tidemill.transport.collective;

import io.aeron.ExclusivePublication;
import io.aeron.Publication;
import io.aeron.logbuffer.BufferClaim;
import io.tidemill.transport.aeron.Identity;
import java.util.List;

/**
 * What this rank sends to one other: how far it has come.
 *
 * <p>Sums are computed straight into Aeron's buffer. Nothing waits: what finds no room now is sent
 * by a later poll. Confined to the thread of its collective.
 */
final class Outbound {
  private final int peer;
  private final ExclusivePublication publication;
  private final List<SumTree> parts;
  private final long values;
  private final int pieceFloats;
  private final BufferClaim claim = new BufferClaim();
  private long operation;
  private long partFrom;
  private long partEnd;
  private int nextPart;
  private long valuesFrom;
  private long valuesEnd;
  private boolean isBroken;

  /**
   * @param parts the sums of this rank's own sub-trees
   * @param values address of the vector of values
   */
  Outbound(
      int peer,
      ExclusivePublication publication,
      List<SumTree> parts,
      long values,
      int pieceFloats) {
    this.peer = peer;
    this.publication = publication;
    this.parts = parts;
    this.values = values;
    this.pieceFloats = pieceFloats;
  }

  int peer() {
    return peer;
  }

  void begin(Operation begun, int rank) {
    Slices slices = begun.slices();
    operation = begun.number();
    partEnd = slices.end(peer);
    partFrom = begun.reduces() ? slices.start(peer) : partEnd;
    nextPart = 0;
    valuesEnd = slices.end(rank);
    valuesFrom = begun.gathers() ? slices.start(rank) : valuesEnd;
  }

  boolean isDone() {
    return partFrom == partEnd && valuesFrom == valuesEnd;
  }

  /** Whether Aeron has given up the stream. */
  boolean isBroken() {
    return isBroken;
  }

  /** Sends a frame, where there is one to send and room for it. */
  boolean send(long summedTo) {
    if (partFrom < partEnd) {
      return sendPart();
    }
    return valuesFrom < Math.min(summedTo, valuesEnd) && sendValues(summedTo);
  }

  boolean sendHello(Identity identity, int rank, int flags) {
    if (!claim(Frame.HELLO_BYTES)) {
      return false;
    }
    Frame.putHello(claim.buffer(), claim.offset(), identity, rank, pieceFloats, flags);
    claim.commit();
    return true;
  }

  boolean sendEnd(int rank, byte[] reason) {
    if (!claim(Frame.END_HEADER_BYTES + reason.length)) {
      return false;
    }
    Frame.putEnd(claim.buffer(), claim.offset(), rank, reason);
    claim.commit();
    return true;
  }

  void close() {
    publication.close();
  }

  private boolean sendPart() {
    long to = Math.min(partEnd, partFrom + pieceFloats);
    int floats = (int) (to - partFrom);
    if (!claimData(Frame.PART, nextPart, partFrom, floats)) {
      return false;
    }
    parts.get(nextPart).sum(partFrom, to, claimed() - partFrom * Float.BYTES);
    claim.commit();
    nextPart++;
    if (nextPart == parts.size()) {
      nextPart = 0;
      partFrom = to;
    }
    return true;
  }

  private boolean sendValues(long summedTo) {
    long to = Math.min(Math.min(summedTo, valuesEnd), valuesFrom + pieceFloats);
    int floats = (int) (to - valuesFrom);
    if (!claimData(Frame.VALUES, 0, valuesFrom, floats)) {
      return false;
    }
    NativeFloats.copy(values + valuesFrom * Float.BYTES, claimed(), floats);
    claim.commit();
    valuesFrom = to;
    return true;
  }

  private boolean claimData(int kind, int part, long from, int floats) {
    if (!claim(Frame.DATA_HEADER_BYTES + floats * Float.BYTES)) {
      return false;
    }
    Frame.putDataHeader(claim.buffer(), claim.offset(), kind, part, operation, from, floats);
    return true;
  }

  /** The address of the floats of the frame that was claimed. */
  private long claimed() {
    return claim.buffer().addressOffset() + claim.offset() + Frame.DATA_HEADER_BYTES;
  }

  private boolean claim(int length) {
    long position = publication.tryClaim(length, claim);
    isBroken |= position == Publication.CLOSED || position == Publication.MAX_POSITION_EXCEEDED;
    return position > 0;
  }
}
