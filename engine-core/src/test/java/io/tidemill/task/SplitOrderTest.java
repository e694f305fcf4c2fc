package io.tidemill.task;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemill.channel.Element.Item;
import io.tidemill.channel.OrderKey;
import io.tidemill.connector.EventTime;
import io.tidemill.error.EngineException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

class SplitOrderTest {
  @Test
  void holdsARecordUntilNoEarlierOneCanCome() {
    SplitOrder order = order(3, EventTime.Late.FAIL);

    assertEquals(List.of(), add(order, 10));
    assertEquals(List.of(), add(order, 8));
    assertEquals(List.of(8L), add(order, 11));
    assertEquals(List.of(10L, 11L), add(order, 14));
    List<Long> left = new ArrayList<>();
    order.end(item -> left.add((Long) item.value()));
    assertEquals(List.of(14L), left);
  }

  @Test
  void takesARecordThatIsExactlyTheBoundEarlierAndFailsAtOneMore() {
    SplitOrder order = order(3, EventTime.Late.FAIL);
    add(order, 10);
    assertEquals(List.of(7L), add(order, 7));

    EngineException failure = assertThrows(EngineException.class, () -> add(order, 6));

    assertTrue(
        failure.getMessage().startsWith("late record in points 0: offset=2 is 4 ms earlier"),
        failure.getMessage());
  }

  @Test
  void dropsAndCountsLateRecordsWhereItIsTold() {
    SplitOrder order = order(0, EventTime.Late.DROP);
    add(order, 5);

    assertEquals(List.of(), add(order, 4));
    assertEquals(List.of(5L), add(order, 5));
    assertEquals(1, order.dropped());
    assertEquals(3, order.nextOffset());
  }

  @Test
  void neverHandsOutWhatIsBeforeItsFrontierAndGoesOnAfterARestore() {
    for (int seed = 0; seed < 200; seed++) {
      Random random = new Random(seed);
      int bound = random.nextInt(5);
      SplitOrder order = order(bound, EventTime.Late.DROP);
      OrderKey[] frontier = {OrderKey.MIN};
      OrderKey[] last = {OrderKey.MIN};
      for (int i = 0; i < 60; i++) {
        String run = "seed=" + seed + " record=" + i;
        order.add(
            (long) i + random.nextInt(6),
            item -> {
              assertTrue(item.key().compareTo(frontier[0]) >= 0, run);
              assertTrue(item.key().compareTo(last[0]) > 0, run);
              last[0] = item.key();
            });
        assertTrue(order.frontier().compareTo(frontier[0]) >= 0, run);
        frontier[0] = order.frontier();
        if (random.nextInt(5) == 0) {
          SplitOrder restored = order(bound, EventTime.Late.DROP);
          restored.restore(order.nextOffset(), order.latestMs(), order.dropped(), order.held());
          order = restored;
        }
      }
    }
  }

  private static SplitOrder order(long boundMs, EventTime.Late late) {
    return new SplitOrder(
        "points 0", 0, Optional.of(new EventTime<>(value -> (Long) value, boundMs, late)));
  }

  private static List<Long> add(SplitOrder order, long timeMs) {
    List<Item> items = new ArrayList<>();
    order.add(timeMs, items::add);
    return items.stream().map(item -> (Long) item.value()).toList();
  }
}
