package io.tidemill.benchmarks.scaling;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

/** Rates that are known otherwise: by hand, in seconds and bytes that are easy to add. */
final class FleetSimulationTest {
  private static final LaneCost FREE = new LaneCost(0, 0);

  /** A shard is 3 s; a byte is summed in 0.01 s, updated in 0.02 s. */
  private static final PartTimes PARTS = new PartTimes(Quantiles.always(3), 0.01, 0.02);

  private static final PartTimes SHARDS = new PartTimes(Quantiles.always(3), 0, 0);
  private static final PartTimes SPREAD =
      new PartTimes(new Quantiles(List.of(1.0, 1.1, 1.2, 1.3, 1.5, 2.0, 4.0, 9.0)), 0.01, 0.02);

  @Test
  void oneWorkerComputesAndUpdatesAlone() {
    Fleet one = fleet(1, 1, 4, 100, PARTS, new LaneCost(7, 7), new LaneCost(7, 7));

    // Four shards 12, the sum of four times 100 bytes 4, the update of 100 bytes 2.
    assertEquals(12 + 4 + 2, secondsPerStep(one), 1e-9);
  }

  @Test
  void whereNothingCostsButComputingAThousandWorkersAreAThousandTimesAsFast() {
    assertEquals(3_072.0, secondsPerStep(fleet(1, 1, 1024, 100, SHARDS, FREE, FREE)), 1e-6);
    assertEquals(3.0, secondsPerStep(fleet(512, 2, 1, 100, SHARDS, FREE, FREE)), 1e-9);
  }

  @Test
  void twoRanksOfAHostMeetTwiceAndHalveSumAndUpdate() {
    Fleet two = fleet(1, 2, 1, 100, PARTS, new LaneCost(0.25, 7), new LaneCost(7, 7));

    // A shard 3, met 0.25, half of two gradients 1, half of the update 1, met 0.25.
    assertEquals(3 + 0.25 + 1 + 1 + 0.25, secondsPerStep(two), 1e-9);
  }

  @Test
  void twoHostsOfOneRankSendHalfOfTheArenaEachWayTwice() {
    LaneCost wire = new LaneCost(0.5, 0.1);
    Fleet two = fleet(2, 1, 1, 100, PARTS, new LaneCost(7, 7), wire);

    // A shard 3, 50 bytes sent 5.5, half of the update 1, 50 bytes sent 5.5.
    assertEquals(3 + 5.5 + 1 + 5.5, secondsPerStep(two), 1e-9);
  }

  @Test
  void theMirrorSumsWhatItSendsAndTheRanksWhatTheyUpdate() {
    LaneCost arena = new LaneCost(0.25, 7);
    Fleet four = fleet(2, 2, 1, 100, PARTS, arena, new LaneCost(0.5, 0.1));

    // A shard 3, met 0.25; the mirror sums 50 bytes of two gradients 1 and sends them 5.5; a rank
    // sums 25 bytes of two 0.5, updates them 0.5, met 0.25; 50 bytes sent 5.5.
    assertEquals(3 + 0.25 + 1 + 5.5 + 0.5 + 0.5 + 0.25 + 5.5, secondsPerStep(four), 1e-9);
  }

  @Test
  void aHostSendsToEachOfTheOthersInTurnAndTheirLatenciesOverlap() {
    Fleet eight = fleet(8, 1, 1, 80, SHARDS, FREE, new LaneCost(0.5, 0.1));

    // Seven messages of 10 bytes, 1 each, and the latency of the last; twice.
    assertEquals(3 + 2 * (7 * 1 + 0.5), secondsPerStep(eight), 1e-9);
  }

  @Test
  void latenciesThatDoNotOverlapAreAllPaid() {
    LaneCost wire = new LaneCost(0.5, 0.1);
    Fleet eight = new Fleet(8, 1, 1, 80, SHARDS, FREE, wire, Fleet.Latency.IN_TURN);

    assertEquals(3 + 2 * 7 * (1 + 0.5), secondsPerStep(eight), 1e-9);
  }

  @Test
  void aStepIsAsSlowAsItsSlowestRank() {
    double one = secondsPerStep(fleet(1, 1, 1, 100, SPREAD, FREE, FREE));
    double many = secondsPerStep(fleet(64, 2, 1, 100, SPREAD, FREE, FREE));

    assertTrue(one > 1 && one < 4, "one rank takes " + one);
    assertTrue(many > 4 && many < 10, "the slowest of 128 takes " + many);
  }

  @Test
  void theSameSeedGivesTheSameRateAndAnotherAnother() {
    Fleet fleet = fleet(8, 2, 3, 100, SPREAD, FREE, new LaneCost(0.5, 0.1));

    double rate = FleetSimulation.stepsPerSecond(fleet, 20, 1);

    assertEquals(rate, FleetSimulation.stepsPerSecond(fleet, 20, 1));
    assertNotEquals(rate, FleetSimulation.stepsPerSecond(fleet, 20, 2));
  }

  /** Whose latencies overlap. */
  private static Fleet fleet(
      int hosts,
      int ranks,
      int shardsPerRank,
      long bytes,
      PartTimes parts,
      LaneCost arena,
      LaneCost wire) {
    return new Fleet(
        hosts, ranks, shardsPerRank, bytes, parts, arena, wire, Fleet.Latency.OVERLAPS);
  }

  private static double secondsPerStep(Fleet fleet) {
    return 1 / FleetSimulation.stepsPerSecond(fleet, 5, 1);
  }
}
