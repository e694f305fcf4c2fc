package io.tidemill.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class CheckpointPolicyTest {
  @Test
  void isDueAtTheMultiplesOfItsSteps() {
    CheckpointPolicy policy = new CheckpointPolicy.EverySteps(3);

    assertEquals(
        List.of(3L, 6L, 9L),
        LongStream.range(1, 11).filter(step -> policy.isDue(step, 0)).boxed().toList());
  }

  @Test
  void isDueWhenItsTimeHasPassed() {
    CheckpointPolicy policy = new CheckpointPolicy.EveryNs(100);

    assertFalse(policy.isDue(5, 99));
    assertTrue(policy.isDue(5, 100));
  }

  @Test
  void isNeverDueWhereOnlyTheEndCounts() {
    assertFalse(new CheckpointPolicy.AtEnd().isDue(1, Long.MAX_VALUE));
  }
}
