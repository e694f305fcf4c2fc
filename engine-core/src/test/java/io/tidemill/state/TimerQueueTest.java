package io.tidemill.state;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.tidemill.codec.Codecs;
import io.tidemill.codec.KeyGroupRange;
import io.tidemill.codec.KeyGroups;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class TimerQueueTest {
  private final KeyedStateStore<Integer> store =
      new KeyedStateStore<>("operator t", Codecs.of(Integer.class), KeyGroupRange.ALL);
  private final TimerQueue<Integer> timers = store.timers();
  private final List<String> fired = new ArrayList<>();

  private void record(long timeMs, int key) {
    assertEquals(key, store.currentKey());
    fired.add(timeMs + "/" + key);
  }

  @Test
  void firesByTimeAndThenByHashOfTheKey() {
    List<Integer> keys = IntStream.range(0, 20).boxed().toList();
    keys.forEach(key -> timers.register(2, key));
    timers.register(1, 99);
    timers.register(3, 99);

    int count = timers.fire(2, 100, this::record);

    List<String> expected = new ArrayList<>(List.of("1/99"));
    keys.stream()
        .sorted(Comparator.comparing(KeyGroups::hash, Long::compareUnsigned))
        .forEach(key -> expected.add("2/" + key));
    assertEquals(expected, fired);
    assertEquals(21, count);
    assertEquals(3, timers.nextTimeMs());
  }

  @Test
  void holdsOneTimerPerTimeAndKey() {
    timers.register(5, 1);
    timers.register(5, 1);

    assertEquals(1, timers.fire(5, 10, this::record));
    assertEquals(0, timers.size());
    assertEquals(Long.MAX_VALUE, timers.nextTimeMs());
  }

  @Test
  void doesNotFireADeletedTimerButOneThatWasRegisteredAgain() {
    timers.register(5, 1);
    timers.register(6, 2);
    timers.delete(5, 1);
    assertEquals(6, timers.nextTimeMs());
    timers.delete(6, 2);
    timers.register(6, 2);

    timers.fire(10, 10, this::record);

    assertEquals(List.of("6/2"), fired);
  }

  @Test
  void firesWhatAHandlerRegistersWithinTheTime() {
    timers.register(1, 1);

    timers.fire(
        2,
        10,
        (timeMs, key) -> {
          record(timeMs, key);
          timers.register(timeMs + 1, key);
        });

    assertEquals(List.of("1/1", "2/1"), fired);
    assertEquals(3, timers.nextTimeMs());
  }

  @Test
  void stopsAtTheLimitAndGoesOn() {
    IntStream.range(0, 5).forEach(time -> timers.register(time, 7));

    assertEquals(2, timers.fire(10, 2, this::record));
    assertEquals(3, timers.fire(10, 9, this::record));
    assertEquals(List.of("0/7", "1/7", "2/7", "3/7", "4/7"), fired);
  }

  @Test
  void survivesManyDeletions() {
    for (int time = 0; time < 10_000; time++) {
      timers.register(time + 1_000_000, 1);
      timers.delete(time + 1_000_000, 1);
    }
    timers.register(3_000_000, 1);

    assertEquals(1, timers.size());
    assertEquals(1, timers.fire(Long.MAX_VALUE, 10, this::record));
  }
}
