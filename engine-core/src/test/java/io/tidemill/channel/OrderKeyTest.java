package io.tidemill.channel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemill.error.EngineException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class OrderKeyTest {
  @Test
  void ordersByTimeThenSplitThenOffset() {
    List<OrderKey> ordered =
        List.of(
            OrderKey.MIN,
            OrderKey.ofSource(-1, 5, 9),
            OrderKey.ofSource(0, 0, 0),
            OrderKey.ofSource(0, 0, 1),
            OrderKey.ofSource(0, 1, 0),
            OrderKey.ofTimer(0, 0, 7),
            OrderKey.ofTimer(0, 1, 3),
            OrderKey.ofSource(1, 0, 0),
            OrderKey.LAST,
            OrderKey.MAX);

    for (int i = 1; i < ordered.size(); i++) {
      assertTrue(ordered.get(i - 1).compareTo(ordered.get(i)) < 0, "at " + i);
    }
  }

  @Test
  void ordersTheTreeOfWhatOneRecordBecameDepthFirst() {
    for (int seed = 0; seed < 300; seed++) {
      List<OrderKey> depthFirst = new ArrayList<>();
      visit(OrderKey.ofSource(1, 2, 3), 0, new Random(seed), depthFirst);

      for (int i = 1; i < depthFirst.size(); i++) {
        assertTrue(
            depthFirst.get(i - 1).compareTo(depthFirst.get(i)) < 0, "seed=" + seed + " at " + i);
      }
    }
  }

  @Test
  void takesTheLargestIndexAndFiftyEightFirstEmissions() {
    OrderKey root = OrderKey.ofSource(0, 0, 0);
    assertTrue(root.child(Integer.MAX_VALUE - 1).compareTo(root.child(Integer.MAX_VALUE)) < 0);

    OrderKey key = root;
    for (int i = 0; i < 58; i++) {
      key = key.child(0);
    }
    OrderKey full = key;
    EngineException failure = assertThrows(EngineException.class, () -> full.child(0));

    assertEquals(
        "too many fan-outs on the way of one record: split=0 offset=0; emit fewer records per"
            + " record, or in fewer operators in a row",
        failure.getMessage());
  }

  private static void visit(OrderKey key, int depth, Random random, List<OrderKey> visited) {
    visited.add(key);
    if (depth == 4) {
      return;
    }
    int index = random.nextInt(3);
    for (int children = random.nextInt(4); children > 0; children--) {
      visit(key.child(index), depth + 1, random, visited);
      index += 1 + (random.nextInt(5) == 0 ? random.nextInt(60) : 0);
    }
  }
}
