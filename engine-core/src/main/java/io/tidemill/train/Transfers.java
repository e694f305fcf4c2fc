package io.tidemill.train;

import io.tidemill.train.Outgoing.Transfer;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/**
 * What can be sent of the memory of a gang: each goes to the place at which it lies here.
 *
 * <p>Confined to the thread of the mirror.
 *
 * @param memory that of the gang on this host
 */
record Transfers(Gang gang, MemorySegment memory) {
  private static final VarHandle WORD = ValueLayout.JAVA_LONG.varHandle();

  /** Bytes [from, to). */
  Transfer bytes(long from, long to) {
    return (out, _) -> out.sendBytes(memory, from, to);
  }

  /** A word, as it stands when it is sent. */
  Transfer word(long at) {
    return (out, _) -> out.sendWord(at, get(at));
  }

  long get(long at) {
    return (long) WORD.getVolatile(memory, at);
  }

  /** The words of the step's marks in which there are any. */
  Transfer marks() {
    return this::sendMarks;
  }

  /** Sums what the shards of a part have touched of [from, to), and sends the sum. */
  Transfer part(ShardTree.Part part, long from, long to) {
    return (out, step) -> sendPart(out, part, gang.touched(step), from, to);
  }

  /** What a rank has moved of its slice: where it went back that may be any row. */
  Transfer slice(int rank) {
    return (out, step) -> sendSlice(out, rank, step);
  }

  private boolean sendMarks(Outgoing out, long step) {
    long first = gang.memoryLayout().touched((int) (step & 1));
    long end = first + gang.memoryLayout().touchedBytes();
    long at = out.cursor(first);
    while (at < end) {
      while (at < end && (long) WORD.getOpaque(memory, at) == 0) {
        at += Long.BYTES;
      }
      int bytes = (int) Math.min(out.mostPayload() & -Long.BYTES, end - at);
      if (bytes > 0) {
        long frame = out.claim(MirrorFrame.MARKS, at, bytes);
        if (frame == 0) {
          return out.waitAt(at);
        }
        out.send(frame, memory, at, bytes);
        at += bytes;
      }
    }
    return true;
  }

  private boolean sendPart(
      Outgoing out, ShardTree.Part part, TouchedRows touched, long from, long to) {
    long base = gang.memoryLayout().gradients(part.shard());
    long at = touched.next(out.cursor(from), to);
    while (at < to) {
      long end = Math.min(touched.end(at, to), at + mostFloats(out));
      long frame = claimFloats(out, base, at, end);
      if (frame == 0) {
        return out.waitAt(at);
      }
      // In place: nobody but the owner of the slice wants these floats of any shard.
      gang.device().treeSum(part.tree(), gang.gradientOf(part.shard()), at, end);
      sendFloats(out, frame, base, at, end);
      at = touched.next(end, to);
    }
    return true;
  }

  private boolean sendSlice(Outgoing out, int rank, long step) {
    TouchedRows touched = gang.touched(step);
    boolean all = gang.hasGoneBack(rank, step + 1);
    long base = gang.memoryLayout().parameters();
    long to = gang.sliceStart(rank + 1);
    long from = out.cursor(gang.sliceStart(rank));
    long at = all ? from : touched.next(from, to);
    while (at < to) {
      long end = Math.min(all ? to : touched.end(at, to), at + mostFloats(out));
      long frame = claimFloats(out, base, at, end);
      if (frame == 0) {
        return out.waitAt(at);
      }
      sendFloats(out, frame, base, at, end);
      at = all ? end : touched.next(end, to);
    }
    return true;
  }

  private static long mostFloats(Outgoing out) {
    return out.mostPayload() / Float.BYTES;
  }

  private static long claimFloats(Outgoing out, long base, long from, long to) {
    return out.claim(
        MirrorFrame.BYTES, base + from * Float.BYTES, (int) ((to - from) * Float.BYTES));
  }

  private void sendFloats(Outgoing out, long frame, long base, long from, long to) {
    out.send(frame, memory, base + from * Float.BYTES, (int) ((to - from) * Float.BYTES));
  }
}
