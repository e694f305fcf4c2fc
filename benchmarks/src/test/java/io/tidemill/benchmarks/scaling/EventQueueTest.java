package io.tidemill.benchmarks.scaling;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class EventQueueTest {
  private final EventQueue events = new EventQueue();
  private final List<String> happened = new ArrayList<>();

  @Test
  void whatIsPlannedHappensInTheOrderOfTime() {
    plan(3, "c");
    plan(1, "a");
    plan(2, "b");

    events.run();

    assertEquals(List.of("a at 1.0", "b at 2.0", "c at 3.0"), happened);
  }

  @Test
  void whatFallsOnOneTimeHappensInTheOrderInWhichItWasPlanned() {
    for (String name : List.of("d", "a", "c", "b")) {
      plan(5, name);
    }

    events.run();

    assertEquals(List.of("d at 5.0", "a at 5.0", "c at 5.0", "b at 5.0"), happened);
  }

  @Test
  void whatHappensMayPlanMore() {
    events.at(2, () -> events.in(0.5, () -> happened.add("later at " + events.now())));
    plan(2.25, "between");

    events.run();

    assertEquals(List.of("between at 2.25", "later at 2.5"), happened);
  }

  @Test
  void timeDoesNotRunBackwards() {
    events.at(2, () -> plan(1, "late"));

    events.run();

    assertEquals(List.of("late at 2.0"), happened);
  }

  private void plan(double seconds, String name) {
    events.at(seconds, () -> happened.add(name + " at " + events.now()));
  }
}
