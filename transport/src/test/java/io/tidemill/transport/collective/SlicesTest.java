package io.tidemill.transport.collective;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.tidemill.error.EngineException;
import java.util.List;
import org.junit.jupiter.api.Test;

final class SlicesTest {
  @Test
  void evenSlicesBeginAtCacheLines() {
    assertEquals("slices [0, 16, 32, 49]", Slices.even(0, 49, 3).toString());
    assertEquals("slices [32, 32, 33]", Slices.even(32, 33, 2).toString());
  }

  @Test
  void ownedByOneRankTheOthersHaveNothing() {
    assertEquals("slices [16, 16, 99, 99]", Slices.ownedBy(1, 16, 99, 3).toString());
  }

  @Test
  void refusesBoundsInsideACacheLine() {
    EngineException refusal = assertThrows(EngineException.class, () -> Slices.of(0, 8, 32));

    assertEquals(
        "bounds of slices: expected one more than there are ranks, ascending multiples of 16 up to"
            + " the end, found [0, 8, 32]",
        refusal.getMessage());
  }

  @Test
  void aRunThatIsNotAlignedIsCoveredByItsLargestSubTrees() {
    LeafTree tree = LeafTree.over(0, 8);

    List<String> parts =
        tree.within(2, 7).stream().map(node -> node.from() + "-" + node.to()).toList();

    assertEquals(List.of("2-4", "4-6", "6-7"), parts);
  }

  @Test
  void refusesSlicesForAnotherNumberOfRanksOrBeyondTheVector() {
    Group group = new Group("g", 1, "s", 2, 2, 100, 200);
    OperationQueue queue = new OperationQueue(group);

    EngineException refusal =
        assertThrows(EngineException.class, () -> queue.begin(Slices.even(0, 101, 2), true, false));

    assertEquals(
        "group g, generation 1: expected slices for 2 ranks that end at 100 or before, found slices"
            + " [0, 48, 101]",
        refusal.getMessage());
    assertEquals(1, queue.begin(Slices.even(0, 101, 2), false, true));
  }
}
