package io.tidemill.codec;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class KeyGroupsTest {
  /** Part of the snapshot format; the numbers come from an independent computation in Python. */
  @Test
  void staysTheSameHashInEveryRelease() {
    assertEquals(GOLDEN_EMPTY, KeyGroups.hash(new byte[0], 0, 0));
    assertEquals(GOLDEN_42, KeyGroups.hash(42L));
    assertEquals(GOLDEN_TEXT, new KeyHasher<>(Codecs.of(String.class)).hash("customer-17"));
  }

  private static final long GOLDEN_EMPTY = 0x9353dfc8a195f3e2L;
  private static final long GOLDEN_42 = 0xa1038448bad24e33L;
  private static final long GOLDEN_TEXT = 0xffa650f1975b4454L;

  @Test
  void hashesNumbersAsTheirEncodedBytes() {
    for (long key : new long[] {0, 1, -1, 42, Integer.MIN_VALUE, Long.MAX_VALUE}) {
      ByteWriter longBytes = new ByteWriter();
      longBytes.writeLong(key);
      ByteWriter intBytes = new ByteWriter();
      intBytes.writeInt((int) key);

      assertEquals(KeyGroups.of(longBytes.toByteArray()), KeyGroups.of(key));
      assertEquals(KeyGroups.of(intBytes.toByteArray()), KeyGroups.of((int) key));
      assertEquals(KeyGroups.hash(key), new KeyHasher<>(Codecs.of(Long.class)).hash(key));
    }
  }

  @Test
  void seesEveryBitOfTheKey() {
    byte[] key = "terminal-000123456789".getBytes(StandardCharsets.UTF_8);
    long whole = KeyGroups.hash(key, 0, key.length);

    for (int bit = 0; bit < key.length * 8; bit++) {
      byte[] flipped = key.clone();
      flipped[bit / 8] ^= (byte) (1 << (bit % 8));
      int changed = Long.bitCount(whole ^ KeyGroups.hash(flipped, 0, key.length));
      assertTrue(changed >= 12 && changed <= 52, "bit " + bit + " changes " + changed);
    }
    assertTrue(whole != KeyGroups.hash(key, 0, key.length - 1));
  }

  @Test
  void spreadsConsecutiveKeysEvenly() {
    int[] perGroup = new int[KeyGroups.COUNT];
    IntStream.range(0, 100 * KeyGroups.COUNT).forEach(key -> perGroup[KeyGroups.of(key)]++);

    assertTrue(IntStream.of(perGroup).min().getAsInt() > 55, "a group is nearly empty");
    assertTrue(IntStream.of(perGroup).max().getAsInt() < 150, "a group is crowded");
  }

  @Test
  void givesEachGroupToTheSubtaskWhoseRangeHasIt() {
    for (int parallelism : new int[] {1, 2, 3, 7, 1000, 1024}) {
      int next = 0;
      for (int subtask = 0; subtask < parallelism; subtask++) {
        KeyGroupRange range = KeyGroups.rangeOf(subtask, parallelism);
        assertEquals(next, range.from());
        for (int group = range.from(); group < range.to(); group++) {
          assertEquals(subtask, KeyGroups.ownerOf(group, parallelism));
        }
        next = range.to();
      }
      assertEquals(KeyGroups.COUNT, next);
    }
  }
}
