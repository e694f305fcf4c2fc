package io.tidemill.transport.collective;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemill.error.EngineException;
import io.tidemill.transport.collective.Lanes.Lane;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What holds on every lane. */
final class CollectiveTest {
  private static final int FLOATS = 65_537;
  private static final int[] LENGTHS = {1, 17, 1000, FLOATS};
  private static final long DEADLINE_NS = 20_000_000_000L;

  @TempDir private Path folder;
  private Lanes lanes;

  @BeforeEach
  void open() {
    lanes = new Lanes(folder);
  }

  @AfterEach
  void close() {
    lanes.close();
  }

  @ParameterizedTest
  @EnumSource
  void sumsInTheOrderOfTheTreeWhateverTheNumberOfRanks(Lane lane) {
    for (int leaves = 1; leaves <= 8; leaves++) {
      float[][] vectors = Vectors.random(leaves, FLOATS, leaves);
      for (int ranks = 1; ranks <= Math.min(4, leaves); ranks++) {
        List<Collective> group = lanes.open(lane, group(ranks, leaves, FLOATS));
        contribute(group, vectors);
        Random order = new Random(31 * ranks + leaves);
        for (int length : LENGTHS) {
          Slices slices = Slices.even(0, length, ranks);
          for (Collective rank : group) {
            rank.values().fill((byte) 0x55);
          }

          long number = group.stream().mapToLong(rank -> rank.allReduce(slices)).max().orElse(0);
          pollAll(group, number, order);

          for (Collective rank : group) {
            String what =
                "%s: %d ranks, %d leaves, %d floats, rank %d"
                    .formatted(lane, ranks, leaves, length, rank.rank());
            Vectors.assertSums(vectors, rank.values(), 0, length, what);
          }
        }
        lanes.end();
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void eachRankHoldsTheSumOfItsSliceOfABucketAfterReduceScatter(Lane lane) {
    float[][] vectors = Vectors.random(5, FLOATS, 1);
    List<Collective> group = lanes.open(lane, group(3, 5, FLOATS));
    contribute(group, vectors);
    List<Slices> buckets =
        List.of(
            Slices.even(0, 4096, 3),
            Slices.of(4096, 4096, 20_000, 20_000),
            Slices.even(20_000, FLOATS, 3));

    for (Slices bucket : buckets) {
      group.forEach(rank -> rank.reduceScatter(bucket));
    }
    pollAll(group, 3, new Random(2));

    for (Slices bucket : buckets) {
      for (Collective rank : group) {
        Vectors.assertSums(
            vectors,
            rank.values(),
            bucket.start(rank.rank()),
            bucket.end(rank.rank()),
            lane + " " + bucket);
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void gathersWhatEachRankHasInItsSlice(Lane lane) {
    List<Collective> group = lanes.open(lane, new Group("g", 1, "s", 4, 4, 16, 1000));
    Slices slices = Slices.of(16, 16, 320, 640, 999);
    for (Collective rank : group) {
      for (long i = slices.start(rank.rank()); i < slices.end(rank.rank()); i++) {
        rank.values().setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) (1000L * rank.rank() + i));
      }
    }

    group.forEach(rank -> rank.allGather(slices));
    pollAll(group, 1, new Random(3));

    for (Collective rank : group) {
      for (int i = 16; i < 999; i++) {
        int owner = i < 320 ? 1 : i < 640 ? 2 : 3;
        assertEquals(1000f * owner + i, rank.values().getAtIndex(ValueLayout.JAVA_FLOAT, i));
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void broadcastsWhatOneRankOwnsThoughItIsAheadOfTheOthers(Lane lane) {
    List<Collective> group = lanes.open(lane, group(3, 3, FLOATS));
    Slices early = Slices.ownedBy(1, 0, 40_000, 3);
    Slices late = Slices.ownedBy(1, 40_000, FLOATS, 3);
    Collective root = group.get(1);
    for (int i = 0; i < FLOATS; i++) {
      root.values().setAtIndex(ValueLayout.JAVA_FLOAT, i, i);
    }
    root.allGather(early);
    root.allGather(late);
    for (int i = 0; i < 1000; i++) {
      group.forEach(rank -> rank.poll(System.nanoTime()));
    }

    for (Collective rank : List.of(group.get(2), group.get(0))) {
      rank.allGather(early);
      rank.allGather(late);
    }
    pollAll(group, 2, new Random(4));

    for (Collective rank : group) {
      for (int i = 0; i < FLOATS; i++) {
        assertEquals(i, rank.values().getAtIndex(ValueLayout.JAVA_FLOAT, i));
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void everyPollOfEveryRankThrowsOnceOneHasEndedTheGroup(Lane lane) {
    List<Collective> group = lanes.open(lane, group(3, 3, 1000));
    Slices slices = Slices.even(0, 1000, 3);
    group.forEach(rank -> rank.allReduce(slices));
    pollAll(group, 1, new Random(5));
    group.get(0).allReduce(slices);
    group.get(1).allReduce(slices);

    group.get(2).abort("generation 8 begins");

    for (Collective rank : List.of(group.get(2), group.get(0), group.get(1))) {
      EngineException end = assertThrows(EngineException.class, () -> pollUntil(rank, 2));
      assertEquals(
          "group g, generation 7 was ended by rank 2: generation 8 begins", end.getMessage());
      assertThrows(EngineException.class, () -> rank.poll(0));
    }
  }

  @ParameterizedTest
  @EnumSource
  void aRankThatFallsSilentEndsTheGroupForTheOthers(Lane lane) {
    List<Collective> group = lanes.open(lane, group(3, 3, 1000));
    Slices slices = Slices.even(0, 1000, 3);
    long begunNs = System.nanoTime();
    group.forEach(rank -> rank.allReduce(slices));
    pollAll(group, 1, new Random(6));
    long clock = System.nanoTime();
    assertTrue(clock - begunNs < DEADLINE_NS);
    Collective first = group.get(0);
    Collective second = group.get(1);
    first.allReduce(slices);
    second.allReduce(slices);

    EngineException end = null;
    int polls = 0;
    while (end == null) {
      clock += 500_000_000; // the clock is ours: seconds pass in a moment
      polls++;
      try {
        first.poll(clock);
        second.poll(clock);
      } catch (EngineException e) {
        end = e;
      }
    }

    assertTrue(polls > 15 && polls < 26, "polls of half a second each: " + polls);
    assertTrue(
        end.getMessage().startsWith("group g, generation 7: rank 2 has been silent for 1"),
        end.getMessage());
    String message = end.getMessage();
    for (Collective rank : List.of(first, second)) {
      EngineException same = assertThrows(EngineException.class, () -> pollUntil(rank, 2));
      assertEquals(message, same.getMessage());
    }
  }

  @ParameterizedTest
  @EnumSource
  void ownPauseIsNotTheSilenceOfOthers(Lane lane) {
    List<Collective> group = lanes.open(lane, group(2, 2, 1000));
    Slices slices = Slices.even(0, 1000, 2);
    group.forEach(rank -> rank.allReduce(slices));
    pollAll(group, 1, new Random(7));

    long hour = 3_600_000_000_000L;
    long now = System.nanoTime() + hour;
    group.forEach(rank -> rank.allReduce(slices));
    for (int i = 0; group.get(0).completed() < 2 || group.get(1).completed() < 2; i++) {
      group.get(0).poll(now + i);
      group.get(1).poll(now + i);
    }

    assertEquals(2, group.get(0).completed());
  }

  private static Group group(int ranks, int leaves, int floats) {
    return Group.of("g", 7, "secret", ranks, leaves, floats);
  }

  private static void contribute(List<Collective> group, float[][] vectors) {
    for (Collective rank : group) {
      Group shape = rank.group();
      for (int leaf = shape.firstLeaf(rank.rank());
          leaf < shape.firstLeaf(rank.rank() + 1);
          leaf++) {
        Vectors.put(vectors[leaf], rank.contribution(leaf));
      }
    }
  }

  private static void pollAll(List<Collective> group, long number, Random order) {
    long begunNs = System.nanoTime();
    List<Collective> turn = new ArrayList<>(group);
    while (!group.stream().allMatch(rank -> rank.completed() >= number)) {
      Collections.shuffle(turn, order);
      for (Collective rank : turn) {
        long now = System.nanoTime();
        assertTrue(now - begunNs < DEADLINE_NS, "operation " + number + " does not end");
        for (int polls = order.nextInt(4); polls > 0; polls--) {
          rank.poll(now);
        }
      }
    }
  }

  private static void pollUntil(Collective rank, long number) {
    long begunNs = System.nanoTime();
    while (rank.completed() < number) {
      long now = System.nanoTime();
      assertTrue(now - begunNs < DEADLINE_NS, "operation " + number + " does not end");
      rank.poll(now);
    }
  }
}
