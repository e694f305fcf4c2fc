package io.tidemill.benchmarks.allreduce;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

final class ContestTest {
  @Test
  void namesEveryLaneOfEverySizeForTwoAndFourRanks() {
    List<String> names = Contest.caseNames();

    assertEquals(32, names.size());
    assertTrue(names.contains("allreduce-arena-2-64KB"));
    assertTrue(names.contains("allreduce-udp-4-100MB"));
  }

  @Test
  void onlyLanesThatAreWantedTakePart() {
    Contest contest = Contest.all().get(1);

    assertEquals(
        List.of(Lane.ARENA),
        contest.lanes(List.of("allreduce-arena-2-64KB", "allreduce-ipc-4-64KB")));
  }
}
