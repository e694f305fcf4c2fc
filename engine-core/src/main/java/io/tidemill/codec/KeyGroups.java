package io.tidemill.codec;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * Which of the 1,024 key groups, and which subtask, a key belongs to.
 *
 * <p>Keys are hashed by their encoded bytes and never by {@code hashCode()}, so the answer is the
 * same in every process and release; it is part of the snapshot format. The hash takes eight bytes
 * at a time (the last, shorter word filled with zeros), each word multiplied, rotated and folded in
 * as xxHash64 does for its tail, the length folded in first, and ends with the finaliser of
 * MurmurHash3. The group is the hash's upper ten bits, so sorting by hash sorts by group.
 */
public final class KeyGroups {
  /** Key groups of a job: the most subtasks that one keyed operator can have. */
  public static final int COUNT = 1024;

  private static final VarHandle LONGS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN)
          .withInvokeExactBehavior();
  private static final int GROUP_SHIFT = Long.SIZE - Integer.numberOfTrailingZeros(COUNT);
  private static final long PRIME_1 = 0x9e3779b185ebca87L;
  private static final long PRIME_2 = 0xc2b2ae3d27d4eb4fL;
  private static final long PRIME_4 = 0x85ebca77c2b2ae63L;
  private static final long PRIME_5 = 0x27d4eb2f165667c5L;

  private KeyGroups() {}

  /** The group of a key with these encoded bytes. */
  public static int of(byte[] encoded) {
    return ofHash(hash(encoded, 0, encoded.length));
  }

  /** The group of an {@code int} key; equal to that of its encoded bytes. */
  public static int of(int key) {
    return ofHash(hash(key));
  }

  /** The group of a {@code long} key; equal to that of its encoded bytes. */
  public static int of(long key) {
    return ofHash(hash(key));
  }

  /** The group of a key with this hash. */
  public static int ofHash(long hash) {
    return (int) (hash >>> GROUP_SHIFT);
  }

  /** The 64-bit hash of encoded bytes. */
  public static long hash(byte[] encoded, int offset, int length) {
    long hash = PRIME_5 + length;
    int end = offset + length;
    int at = offset;
    for (; at <= end - Long.BYTES; at += Long.BYTES) {
      hash = fold(hash, (long) LONGS.get(encoded, at));
    }
    if (at < end) {
      long word = 0;
      for (int shift = 0; at < end; at++, shift += Byte.SIZE) {
        word |= (encoded[at] & 0xffL) << shift;
      }
      hash = fold(hash, word);
    }
    return finish(hash);
  }

  /** The 64-bit hash of an {@code int} key; equal to that of its encoded bytes. */
  public static long hash(int key) {
    return finish(fold(PRIME_5 + Integer.BYTES, Integer.toUnsignedLong(key)));
  }

  /** The 64-bit hash of a {@code long} key; equal to that of its encoded bytes. */
  public static long hash(long key) {
    return finish(fold(PRIME_5 + Long.BYTES, key));
  }

  /** The groups that {@code subtask} of {@code parallelism} owns. */
  public static KeyGroupRange rangeOf(int subtask, int parallelism) {
    if (parallelism < 1 || parallelism > COUNT || subtask < 0 || subtask >= parallelism) {
      throw new IllegalArgumentException("subtask=" + subtask + " parallelism=" + parallelism);
    }
    return new KeyGroupRange(
        Math.ceilDiv(subtask * COUNT, parallelism),
        Math.ceilDiv((subtask + 1) * COUNT, parallelism));
  }

  /** The subtask of {@code parallelism} that owns {@code group}. */
  public static int ownerOf(int group, int parallelism) {
    return group * parallelism / COUNT;
  }

  private static long fold(long hash, long word) {
    long mixed = Long.rotateLeft(word * PRIME_2, 31) * PRIME_1;
    return Long.rotateLeft(hash ^ mixed, 27) * PRIME_1 + PRIME_4;
  }

  private static long finish(long hash) {
    long h = hash;
    h = (h ^ (h >>> 33)) * 0xff51afd7ed558ccdL;
    h = (h ^ (h >>> 33)) * 0xc4ceb9fe1a85ec53L;
    return h ^ (h >>> 33);
  }
}
