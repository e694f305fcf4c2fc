package io.tidemill.train;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.tidemill.program.Optimizer;
import io.tidemill.tensor.SafeTensors;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.net.URISyntaxException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/**
 * The rates of 20 steps, 3 of them warm-up, against PyTorch's schedulers:
 * src/test/python/optimizers.py.
 */
final class ScheduleFixtureTest {
  private static final float RATE = 0.4f;
  private static final int STEPS = 20;

  @Test
  void cosineIsThatOfPyTorch() throws URISyntaxException {
    assertSame("schedule.cosine", Schedule.cosine(3, 0.1));
  }

  @Test
  void stepIsThatOfPyTorch() throws URISyntaxException {
    assertSame("schedule.step", Schedule.every(5, 0.3).warmUp(3));
  }

  @Test
  void linearIsThatOfPyTorch() throws URISyntaxException {
    assertSame("schedule.linear", new Schedule.Linear(3, 0.1));
  }

  private static void assertSame(String name, Schedule schedule) throws URISyntaxException {
    Path file =
        Path.of(ScheduleFixtureTest.class.getResource("/fixtures/optimizers.safetensors").toURI());
    float[] expected;
    try (Arena arena = Arena.ofConfined()) {
      expected = SafeTensors.copy(file, arena).tensor(name).data().toArray(ValueLayout.JAVA_FLOAT);
    }

    assertEquals(STEPS, expected.length);
    for (int step = 0; step < STEPS; step++) {
      float found = schedule.at(Optimizer.Sgd.of(RATE), step, STEPS).learningRate();
      assertEquals(expected[step], found, 1e-7f, name + " step " + step);
    }
  }
}
