package io.tidemill.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemill.device.Device;
import io.tidemill.device.Devices;
import io.tidemill.operator.RestoredState;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.function.LongPredicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RankTest {
  /** The number of the phase in which the first step is applied. */
  private static final long UPDATE = 1;

  private final Device device = Devices.open("cpu");

  @TempDir Path folder;

  @AfterEach
  void closeDevice() {
    device.close();
  }

  @ParameterizedTest
  @ValueSource(ints = {8, 6})
  void anyNumberOfRanksInAnyOrderComesToTheBitsOfOne(int shards) {
    float[] expected;
    float loss;
    try (TinyTraining one = open(shards, 1, 0, RankTest::never)) {
      one.work(TinyTraining.STEPS);
      expected = one.parameters();
      loss = one.progress().loss();
      assertFalse(Arrays.equals(one.initialParameters(), expected), "nothing was learnt");
    }

    for (int ranks = 1; ranks <= 5; ranks++) {
      for (long order = 1; order <= 3; order++) {
        String where = "shards=" + shards + " ranks=" + ranks + " order=" + order;
        try (TinyTraining training = open(shards, ranks, order, RankTest::never)) {
          training.work(TinyTraining.STEPS);

          assertAllAt(TinyTraining.STEPS, training, where);
          assertAllHold(expected, training, where);
          assertEquals(loss, training.progress().loss(), where);
          assertEquals(TinyTraining.SAMPLES, training.progress().samples(), where);
        }
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"1,3", "3,1", "3,2", "2,5", "5,4"})
  void goesOnWithTheSameBitsAtAnotherNumberOfRanks(int before, int after) throws IOException {
    float[] expected;
    try (TinyTraining uninterrupted = open(8, 1, 0, RankTest::never)) {
      uninterrupted.work(TinyTraining.STEPS);
      expected = uninterrupted.parameters();
    }
    RestoredState checkpoint;
    try (TinyTraining first = open(8, before, 1, RankTest::never)) {
      first.work(2);
      checkpoint = first.snapshot(folder);
    }

    try (TinyTraining second = open(8, after, 2, RankTest::never)) {
      second.restore(checkpoint);
      assertAllAt(2, second, "restored");
      second.work(TinyTraining.STEPS);

      assertAllAt(TinyTraining.STEPS, second, "ended");
      assertAllHold(expected, second, "ended");
    }
  }

  @Test
  void allStopAfterTheStepThatTheFirstRankAnnounces() {
    try (TinyTraining training = open(8, 3, 1, step -> step == 2)) {
      training.work(TinyTraining.STEPS);
      assertAllAt(2, training, "at the stop");

      training.ranks().forEach(rank -> rank.passStop(2));
      training.work(TinyTraining.STEPS);
      assertAllAt(TinyTraining.STEPS, training, "behind the stop");
    }
  }

  @Test
  void aRankThatIsDoneWithItsSliceMovesThatOfAnother() {
    try (TinyTraining training = open(8, 2, 0, RankTest::never)) {
      Rank first = training.ranks().getFirst();
      Rank second = training.ranks().getLast();
      PhaseUnits units = training.gang().units();
      training.ranks().forEach(rank -> rank.allow(1));
      workAll(first);
      while (units.phase(1) < UPDATE) {
        second.work(0);
      }

      workAll(first);

      assertTrue(units.areDone(1, UPDATE, second.slice().chunks()));
      workAll(second);
      workAll(first);
      assertAllAt(1, training, "after one step");
    }
  }

  private static void workAll(Rank rank) {
    while (rank.work(0) > 0) {}
  }

  private TinyTraining open(int shards, int ranks, long order, LongPredicate checkpointDue) {
    Path rows = folder.resolve("rows-" + shards + "-" + ranks + "-" + order);
    return new TinyTraining(shards, ranks, device, rows, order, checkpointDue);
  }

  private static boolean never(long step) {
    return false;
  }

  private static void assertAllAt(long steps, TinyTraining training, String where) {
    List<Long> expected = Collections.nCopies(training.ranks().size(), steps);
    assertEquals(expected, training.completedSteps(), where);
  }

  /** Bits are compared: assertArrayEquals tells 0 from -0. */
  private static void assertAllHold(float[] expected, TinyTraining training, String where) {
    assertArrayEquals(expected, training.parameters(), where);
  }
}
