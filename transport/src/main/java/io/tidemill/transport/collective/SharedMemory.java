package io.tidemill.transport.collective;

import io.tidemill.transport.aeron.Identity;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.charset.StandardCharsets;

/**
 * The memory that the ranks of a host have in common: counters, contributions and values.
 *
 * <pre>
 *     0  magic | id hash | generation | proof | layout | nonce       who this is for
 *    64  state | refused | reason length | reason (UTF-8)            how it ends
 *   512  rank 0: submitted | summed ...  + 128: joined | beat | left
 *   768  rank 1 ...
 *        contribution of leaf 0, of leaf 1 ...; values
 * </pre>
 *
 * <p>A rank's counters are written by that rank alone, with release, after what they announce; the
 * others read them with acquire. Any rank may end the group: the first to move the state away from
 * 0 writes the reason.
 *
 * <p>Thread-safe but for {@link #close}, which is its rank's.
 */
final class SharedMemory implements AutoCloseable {
  static final long MAGIC = 0x7469_6465_6d69_6c31L; // "tidemil1"
  static final long HEADER_BYTES = 512;

  private static final VarHandle WORD = ValueLayout.JAVA_LONG.varHandle();
  private static final long MAGIC_AT = 0;
  private static final long ID_AT = 8;
  private static final long GENERATION_AT = 16;
  private static final long PROOF_AT = 24;
  private static final long LAYOUT_AT = 32;
  private static final long NONCE_AT = 40;
  private static final long STATE_AT = 64;
  private static final long REFUSED_AT = 72;
  private static final long REASON_LENGTH_AT = 80;
  private static final long REASON_AT = 88;
  private static final int REASON_BYTES = (int) (HEADER_BYTES - REASON_AT);
  private static final long RUNNING = 0;
  private static final long ENDING = 1;
  private static final long ENDED = 2;

  private static final long RANK_BYTES = 256;
  private static final long SUBMITTED = 0;
  private static final long SUMMED = 8;
  private static final long JOINED = 128;
  private static final long BEAT = 136;
  private static final long LEFT = 144;

  private static final long PAGE_BYTES = 4096;

  /** Vectors do not begin at the same place of a page: stores would stall loads of another. */
  private static final long SKEW_BYTES = 320;

  private final Arena arena;
  private final MemorySegment memory;

  SharedMemory(Arena arena, MemorySegment memory) {
    this.arena = arena;
    this.memory = memory;
  }

  /** Memory of this process alone, for threads. */
  @SuppressWarnings("MustBeClosedChecker") // what is returned closes it
  static SharedMemory ofProcess(Group group) {
    Arena arena = Arena.ofShared();
    SharedMemory memory = new SharedMemory(arena, arena.allocate(bytes(group), PAGE_BYTES));
    memory.writeHeader(group.credentials().identity(), 0);
    return memory;
  }

  /** How much a group needs. */
  static long bytes(Group group) {
    return valuesAt(group) + vectorBytes(group.floats());
  }

  void writeHeader(Identity identity, long nonce) {
    set(ID_AT, identity.idHash());
    set(GENERATION_AT, identity.generation());
    set(PROOF_AT, identity.proof());
    set(LAYOUT_AT, identity.layout());
    set(NONCE_AT, nonce);
    set(MAGIC_AT, MAGIC);
  }

  long magic() {
    return get(MAGIC_AT);
  }

  Identity identity() {
    return new Identity(get(ID_AT), get(GENERATION_AT), get(PROOF_AT), get(LAYOUT_AT));
  }

  long nonce() {
    return get(NONCE_AT);
  }

  /** Whether the place of the rank was free. */
  boolean join(int rank) {
    return WORD.compareAndSet(memory, at(rank, JOINED), 0L, 1L);
  }

  boolean hasJoined(int rank) {
    return get(at(rank, JOINED)) != 0;
  }

  void beat(int rank) {
    set(at(rank, BEAT), get(at(rank, BEAT)) + 1);
  }

  long beats(int rank) {
    return get(at(rank, BEAT));
  }

  void leave(int rank) {
    set(at(rank, LEFT), 1);
  }

  boolean hasLeft(int rank) {
    return get(at(rank, LEFT)) != 0;
  }

  /** The contributions of the rank to operations up to this one may be read. */
  void submit(int rank, long operation) {
    set(at(rank, SUBMITTED), operation);
  }

  boolean hasSubmitted(int rank, long operation) {
    return get(at(rank, SUBMITTED)) >= operation;
  }

  /** The rank's slices of operations up to this one may be read, and it reads no contribution. */
  void sum(int rank, long operation) {
    set(at(rank, SUMMED), operation);
  }

  boolean hasSummed(int rank, long operation) {
    return get(at(rank, SUMMED)) >= operation;
  }

  /** Ends the group, unless it has ended already. */
  void end(String reason) {
    if (WORD.compareAndSet(memory, STATE_AT, RUNNING, ENDING)) {
      byte[] text = reason.getBytes(StandardCharsets.UTF_8);
      int length = Math.min(text.length, REASON_BYTES);
      MemorySegment.copy(text, 0, memory, ValueLayout.JAVA_BYTE, REASON_AT, length);
      set(REASON_LENGTH_AT, length);
      set(STATE_AT, ENDED);
    }
  }

  /** Whether the group has ended and says why. */
  boolean hasEnded() {
    return get(STATE_AT) == ENDED;
  }

  String reason() {
    byte[] text = new byte[(int) get(REASON_LENGTH_AT)];
    MemorySegment.copy(memory, ValueLayout.JAVA_BYTE, REASON_AT, text, 0, text.length);
    return new String(text, StandardCharsets.UTF_8);
  }

  void refuse() {
    WORD.getAndAdd(memory, REFUSED_AT, 1L);
  }

  long refused() {
    return get(REFUSED_AT);
  }

  MemorySegment contribution(Group group, int leaf) {
    return memory.asSlice(contributionAt(group, leaf), group.summedFloats() * Float.BYTES);
  }

  MemorySegment values(Group group) {
    return memory.asSlice(valuesAt(group), group.floats() * Float.BYTES);
  }

  @Override
  public void close() {
    arena.close();
  }

  private long get(long at) {
    return (long) WORD.getAcquire(memory, at);
  }

  private void set(long at, long value) {
    WORD.setRelease(memory, at, value);
  }

  private static long at(int rank, long counter) {
    return HEADER_BYTES + rank * RANK_BYTES + counter;
  }

  private static long contributionAt(Group group, int leaf) {
    long first = pages(HEADER_BYTES + group.ranks() * RANK_BYTES);
    return first + leaf * vectorBytes(group.summedFloats());
  }

  private static long valuesAt(Group group) {
    return contributionAt(group, group.leaves());
  }

  private static long vectorBytes(long floats) {
    return pages(floats * Float.BYTES) + SKEW_BYTES;
  }

  private static long pages(long bytes) {
    return (bytes + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
  }
}
