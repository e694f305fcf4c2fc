package io.tidemill.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.tidemill.error.EngineException;
import io.tidemill.program.Optimizer;
import org.junit.jupiter.api.Test;

final class ScheduleTest {
  private static final double EXACT = 1e-15;

  @Test
  void constantStaysAtTheFullRate() {
    assertEquals(1, Schedule.constant().share(0, Long.MAX_VALUE));
    assertEquals(1, Schedule.constant().share(1_000_000, Long.MAX_VALUE));
  }

  @Test
  void linearFallsFromTheFullRateToZeroBehindTheLastStep() {
    assertEquals(1, Schedule.linear().share(0, 4));
    assertEquals(0.25, Schedule.linear().share(3, 4));
    assertEquals(0.55, new Schedule.Linear(0, 0.1).share(2, 4), EXACT);
  }

  /** nanoGPT's get_lr with warmup_iters=3, lr_decay_iters=11, min_lr a tenth of the rate. */
  @Test
  void cosineWarmsUpAndFallsToItsFloor() {
    Schedule schedule = Schedule.cosine(3, 0.1);

    assertEquals(0.25, schedule.share(0, 11));
    assertEquals(0.75, schedule.share(2, 11));
    assertEquals(1, schedule.share(3, 11));
    assertEquals(0.1 + 0.9 * (1 + Math.cos(Math.PI / 4)) / 2, schedule.share(5, 11), EXACT);
    assertEquals(0.55, schedule.share(7, 11), EXACT);
    assertEquals(0.1 + 0.9 * (1 + Math.cos(Math.PI * 7 / 8)) / 2, schedule.share(10, 11), EXACT);
  }

  @Test
  void stepsAreCountedFromTheEndOfTheWarmUp() {
    Schedule schedule = Schedule.every(3, 0.5).warmUp(1);

    assertEquals(0.5, schedule.share(0, 100));
    assertEquals(1, schedule.share(1, 100));
    assertEquals(1, schedule.share(3, 100));
    assertEquals(0.5, schedule.share(4, 100));
    assertEquals(0.125, schedule.share(10, 100));
  }

  @Test
  void changesNothingOfTheOptimizerButTheRate() {
    Optimizer.Adam adam = new Optimizer.Adam(0.4f, 0.8f, 0.99f, 1e-6f);

    assertEquals(new Optimizer.Adam(0.1f, 0.8f, 0.99f, 1e-6f), Schedule.linear().at(adam, 3, 4));
  }

  @Test
  void aRateThatFadesAwayStaysAboveZero() {
    Optimizer faded = Schedule.every(1, 0.1).at(Optimizer.Sgd.of(1), 1000, 2000);

    assertEquals(Float.MIN_NORMAL, faded.learningRate());
  }

  @Test
  void tellsItselfInOneLine() {
    assertEquals("Cosine[warmUpSteps=100, floor=0.1]", Schedule.cosine(100, 0.1).toString());
    assertEquals("Constant[warmUpSteps=0]", Schedule.constant().toString());
  }

  @Test
  void refusesWhatCannotBeMeant() {
    assertEquals(
        "schedule floor expected a number from 0 to 1, found 1.5",
        assertThrows(EngineException.class, () -> Schedule.cosine(0, 1.5)).getMessage());
    assertEquals(
        "schedule warmUpSteps has to be at least 0, is -1",
        assertThrows(EngineException.class, () -> Schedule.constant().warmUp(-1)).getMessage());
    assertEquals(
        "schedule every has to be at least 1 step, is 0",
        assertThrows(EngineException.class, () -> Schedule.every(0, 0.5)).getMessage());
  }
}
