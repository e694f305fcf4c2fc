package io.tidemill.transport.collective;

import java.lang.foreign.MemorySegment;

/**
 * One rank's end of a {@link Group} that adds and exchanges vectors of float32.
 *
 * <p>Sums follow one fixed binary tree over the leaves of the group, on every lane: the sum of
 * leaves [from, to) is the sum of [from, middle) plus that of [middle, to), where middle is from
 * plus the largest power of two below to - from. So the bits of a sum depend on the number of
 * leaves and on nothing else: not on the number of ranks, the lane, or who is late.
 *
 * <p>All ranks begin the same operations in the same order. An operation is begun by {@link
 * #reduceScatter}, {@link #allGather} or {@link #allReduce}, which return its number at once; it is
 * moved on by {@link #poll}, and done when {@link #completed} has reached its number. Several may
 * be under way; they complete in order. Nothing here blocks but {@link #close}, for a bounded time.
 *
 * <p>Who may touch which memory, and when:
 *
 * <ul>
 *   <li>{@link #contribution} is written by the rank, and is the collective's from the beginning of
 *       an operation that reduces it until an operation that gathers, and that was begun no
 *       earlier, has completed.
 *   <li>{@link #values} may be the same memory in every rank of a host. From the beginning of an
 *       operation that reduces until the next gathering of these floats has completed, a rank
 *       touches those of its own slice alone, and them once they are summed.
 * </ul>
 *
 * <p>Confined to one thread, but for {@link #abort}. Once the group has ended, by {@link #abort} in
 * any of its ranks or because a rank fell silent, every call of {@link #poll} in every rank throws
 * an {@link io.tidemill.error.EngineException} that names the group, its generation and the rank.
 */
public interface Collective extends AutoCloseable {
  Group group();

  int rank();

  /**
   * What one leaf of this rank adds to a sum: {@link Group#summedFloats} floats, native, 64-byte
   * aligned, zero at first.
   */
  MemorySegment contribution(int leaf);

  /**
   * Where sums and gathered floats arrive: {@link Group#floats} floats, native, 64-byte aligned,
   * zero at first.
   */
  MemorySegment values();

  /**
   * Each rank's slice of {@link #values} becomes the sum of the contributions of all leaves.
   *
   * @return the operation's number; the first is 1
   */
  long reduceScatter(Slices slices);

  /**
   * Each rank's slice of {@link #values} goes to all ranks. A broadcast, where {@linkplain
   * Slices#ownedBy one rank owns} everything.
   *
   * @return the operation's number; the first is 1
   */
  long allGather(Slices slices);

  /**
   * All slices of {@link #values} become the sum of the contributions of all leaves, in all ranks.
   *
   * @return the operation's number; the first is 1
   */
  long allReduce(Slices slices);

  /**
   * Moves operations on by a bounded piece of work, and notices ranks that fell silent. To be
   * called also when no operation is under way: it is this rank's sign of life.
   *
   * @param nowNs a monotonic clock, read once for the cycle
   * @return work done; 0 where there was nothing to do, so the caller may rest
   * @throws io.tidemill.error.EngineException RESOURCE where the group has ended
   */
  int poll(long nowNs);

  /** The number of the last operation that is done; 0 where none is. */
  long completed();

  /**
   * Ends the group in all ranks: each one's next {@link #poll} throws. From any thread; the first
   * reason counts.
   *
   * @param reason why, in words that end a sentence
   */
  void abort(String reason);

  /** How many strangers, and ranks of another generation, were refused at this group's door. */
  long refused();

  /** Leaves the group, and frees the memory; idempotent. */
  @Override
  void close();
}
