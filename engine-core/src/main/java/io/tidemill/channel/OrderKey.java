package io.tidemill.channel;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;

/**
 * Where a record stands in the one order of a job.
 *
 * <p>Every task that has several inputs merges them by this key, so the order in which a task sees
 * records is a function of the sources and not of thread timing (docs/design/0001).
 *
 * <p>{@code path} tells apart what one source record became when an operator emitted several: each
 * emission appends a prefix-free, order-preserving code of its index. The first emission costs one
 * bit, so long pipelines that emit one record for one stay within the 58 bits.
 *
 * <pre>
 *  63                                     6 5      0
 * +----------------------------------------+--------+
 * | codes, first emission leftmost          | length |   index 0: 0
 * +----------------------------------------+--------+   index i: 1, bits(i)-1 in 5 bits, i without its leading 1
 * </pre>
 *
 * @param time event time in milliseconds since the epoch; the offset where a stream has no event
 *     time
 * @param split the source split, numbered over the whole job; timers come after all splits
 * @param offset position in the split, counted in records
 * @param path which descendant of that record, compared unsigned
 */
public record OrderKey(long time, int split, long offset, long path)
    implements Comparable<OrderKey> {
  /** Before every record. */
  public static final OrderKey MIN = new OrderKey(Long.MIN_VALUE, 0, 0, 0);

  /** After every record and timer: the frontier of a stream that has ended. */
  public static final OrderKey MAX =
      new OrderKey(Long.MAX_VALUE, Integer.MAX_VALUE, Long.MAX_VALUE, -1L);

  /**
   * After every record and timer, and before {@link #MAX}: what is made when all records are in.
   */
  public static final OrderKey LAST =
      new OrderKey(Long.MAX_VALUE, Integer.MAX_VALUE, Long.MAX_VALUE, 0);

  /**
   * Timers come after all splits, and those of a later vertex after those of an earlier one: what
   * an earlier vertex made at that time has then passed already.
   */
  private static final int FIRST_TIMER_SPLIT = 1 << 30;

  private static final int LENGTH_MASK = 63;
  private static final int CAPACITY_BITS = 58;

  /** The key of the record that was read at {@code offset} of {@code split}. */
  public static OrderKey ofSource(long time, int split, long offset) {
    return new OrderKey(time, split, offset, 0);
  }

  /** The key of what a timer of vertex {@code vertex} emits: after every record of that time. */
  public static OrderKey ofTimer(long time, int vertex, long keyHash) {
    return new OrderKey(time, FIRST_TIMER_SPLIT + vertex, keyHash >>> 1, 0);
  }

  /** The key of emission {@code index} (from 0) that this record gave rise to in one operator. */
  public OrderKey child(int index) {
    int used = (int) path & LENGTH_MASK;
    int codeBits = 1;
    long code = 0;
    if (index > 0) {
      int tail = 31 - Integer.numberOfLeadingZeros(index);
      codeBits = 6 + tail;
      code = (1L << 5 | tail) << tail | (index - (1L << tail));
    }
    if (used + codeBits > CAPACITY_BITS) {
      throw new EngineException(
          ErrorCode.INVALID_ARGUMENT,
          "too many fan-outs on the way of one record: split="
              + split
              + " offset="
              + offset
              + "; emit fewer records per record, or in fewer operators in a row");
    }
    long codes = (path & ~LENGTH_MASK) | code << (64 - used - codeBits);
    return new OrderKey(time, split, offset, codes | (used + codeBits));
  }

  @Override
  public int compareTo(OrderKey other) {
    if (time != other.time) {
      return Long.compare(time, other.time);
    }
    if (split != other.split) {
      return Integer.compare(split, other.split);
    }
    return offset != other.offset
        ? Long.compare(offset, other.offset)
        : Long.compareUnsigned(path, other.path);
  }
}
