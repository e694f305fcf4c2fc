package io.tidemill.channel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemill.channel.Element.Barrier;
import io.tidemill.channel.Element.End;
import io.tidemill.channel.Element.Item;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class InboxTest {
  /** One producer: what it will send, in order; barriers carry the key of what comes next. */
  private record Script(ArrayDeque<Element> elements, Channel channel) {
    /** Sends one element if there is room, and the promise that goes with it. */
    boolean send() {
      if (elements.isEmpty() || !channel.offer(elements.peek())) {
        return false;
      }
      elements.poll();
      if (elements.peek() instanceof Item item) {
        channel.advance(item.key());
      } else if (elements.stream().noneMatch(Item.class::isInstance)) {
        channel.advance(OrderKey.MAX);
      }
      return true;
    }
  }

  @Test
  void givesTheSameOrderAndAConsistentCutInEveryInterleaving() {
    for (int seed = 0; seed < 400; seed++) {
      Random data = new Random(seed);
      int channels = 1 + data.nextInt(4);
      List<List<Element>> scripts = new ArrayList<>();
      List<Item> all = new ArrayList<>();
      for (int i = 0; i < channels; i++) {
        scripts.add(script(i, data, all));
      }
      all.sort(Comparator.comparing(Item::key));

      for (int interleaving = 0; interleaving < 3; interleaving++) {
        check(scripts, all, new Random(seed * 31L + interleaving), "seed=" + seed);
      }
    }
  }

  @Test
  void handsOutHeldItemsOfACheckpointInTheirPlace() {
    Channel channel = new Channel(4);
    Inbox inbox = new Inbox(List.of(List.of(channel)), List.of(List.of(item(1, 1), item(5, 1))));
    channel.offer(item(3, 0));
    channel.offer(item(7, 0));
    channel.offer(new End());

    assertEquals(List.of(item(1, 1), item(3, 0), item(5, 1), item(7, 0), new End()), drain(inbox));
  }

  @Test
  void waitsForAnInputThatMayStillComeBefore() {
    Channel slow = new Channel(4);
    Channel fast = new Channel(4);
    Inbox inbox = new Inbox(List.of(List.of(slow), List.of(fast)), List.of());
    fast.offer(item(5, 1));

    assertNull(inbox.poll());
    slow.advance(OrderKey.ofSource(5, 0, 0));
    assertNull(inbox.poll());
    slow.advance(OrderKey.ofSource(6, 0, 0));
    assertEquals(item(5, 1), inbox.poll());
  }

  @Test
  void aNewerBarrierReplacesOneThatDidNotBeginEverywhere() {
    Channel a = new Channel(8);
    Channel b = new Channel(8);
    Inbox inbox = new Inbox(List.of(List.of(a), List.of(b)), List.of());
    a.offer(new Barrier(1, OrderKey.MIN));
    a.offer(item(1, 0));
    assertNull(inbox.poll());

    b.offer(item(2, 1));
    b.offer(new Barrier(2, OrderKey.ofSource(3, 0, 0)));
    a.offer(new Barrier(2, OrderKey.ofSource(3, 0, 0)));

    assertEquals(List.of(item(1, 0), item(2, 1)), List.of(inbox.poll(), inbox.poll()));
    assertEquals(new Barrier(2, OrderKey.ofSource(3, 0, 0)), inbox.poll());
  }

  @Test
  void aRingOfTwoProducersAndTwoConsumersNeverWaitsForItself() {
    for (int seed = 0; seed < 300; seed++) {
      Random random = new Random(seed);
      Channel[][] channels = {{new Channel(2), new Channel(2)}, {new Channel(2), new Channel(2)}};
      Outbox[] outboxes = new Outbox[2];
      Inbox[] inboxes = new Inbox[2];
      Routing routing = (value, count) -> (Integer) value;
      for (int i = 0; i < 2; i++) {
        outboxes[i] = new Outbox(List.of(new Outbox.Edge(routing, List.of(channels[i]))));
        inboxes[i] =
            new Inbox(List.of(List.of(channels[0][i], channels[1][i])), List.of(List.of()));
      }
      long[] time = new long[2];
      List<Item> received = new ArrayList<>();
      int[] ends = new int[2];
      for (int turn = 0; ends[0] + ends[1] < 2; turn++) {
        assertTrue(turn < 20_000, "no progress any more: seed=" + seed);
        int who = random.nextInt(4);
        if (who < 2) {
          produce(outboxes[who], who, time);
        } else {
          switch (inboxes[who - 2].poll()) {
            case Item item -> received.add(item);
            case End _ -> ends[who - 2]++;
            case Barrier barrier -> throw new AssertionError(barrier);
            case null -> {}
          }
        }
      }
      assertEquals(120, received.size(), "seed=" + seed);
    }
  }

  /** Sixty records in runs to one consumer, so that one channel fills while the other is empty. */
  private static void produce(Outbox outbox, int producer, long[] time) {
    if (outbox.flush() && time[producer] <= 60) {
      long now = time[producer]++;
      boolean over = now == 60;
      int target = (int) (now / 10 + producer) % 2;
      outbox.emit(over ? new End() : new Item(OrderKey.ofSource(now, producer, now), target));
    }
    long next = time[producer];
    outbox.advance(next > 60 ? OrderKey.MAX : OrderKey.ofSource(next, producer, next));
  }

  private static void check(
      List<List<Element>> elements, List<Item> all, Random random, String run) {
    List<Script> scripts = new ArrayList<>();
    List<List<Channel>> edges = new ArrayList<>();
    for (List<Element> one : elements) {
      Channel channel = new Channel(1 + random.nextInt(5));
      scripts.add(new Script(new ArrayDeque<>(one), channel));
      edges.add(List.of(channel));
    }
    Inbox inbox = new Inbox(edges, List.of());
    List<Item> found = new ArrayList<>();
    boolean ended = false;
    int barriers = 0;
    for (int turn = 0; barriers < 2 || !ended; turn++) {
      assertTrue(turn < 50_000, "no progress any more: " + run);
      if (random.nextBoolean()) {
        scripts.get(random.nextInt(scripts.size())).send();
        continue;
      }
      switch (inbox.poll()) {
        case null -> {}
        case Item item -> found.add(item);
        case End _ -> ended = true;
        case Barrier(long checkpoint, OrderKey frontier) -> {
          assertEquals(++barriers, checkpoint, run);
          assertCut(elements, found, inbox, barriers, run);
          assertTrue(frontier.compareTo(inbox.frontier()) <= 0, run);
        }
      }
    }
    assertEquals(all, found, run);
  }

  /** What was handed out and what is held is exactly what came before the barriers. */
  private static void assertCut(
      List<List<Element>> elements, List<Item> found, Inbox inbox, int barrier, String run) {
    List<Item> before = new ArrayList<>();
    for (List<Element> one : elements) {
      for (Element element : one) {
        if (element instanceof Barrier(long checkpoint, var _) && checkpoint == barrier) {
          break;
        }
        if (element instanceof Item item) {
          before.add(item);
        }
      }
    }
    List<Item> covered = new ArrayList<>(found);
    for (int edge = 0; edge < elements.size(); edge++) {
      covered.addAll(inbox.held(edge));
    }
    before.sort(Comparator.comparing(Item::key));
    covered.sort(Comparator.comparing(Item::key));
    assertEquals(before, covered, run);
  }

  private static List<Element> script(int split, Random random, List<Item> all) {
    List<Item> items = new ArrayList<>();
    long time = 0;
    for (int count = random.nextInt(25); count > 0; count--) {
      time += random.nextInt(3);
      items.add(item(time, split, items.size()));
    }
    all.addAll(items);
    List<Element> elements = new ArrayList<>(items);
    elements.add(new End());
    int first = random.nextInt(elements.size() + 1);
    int second = first + 1 + random.nextInt(elements.size() + 1 - first);
    elements.add(first, new Barrier(1, frontier(elements, first)));
    elements.add(second, new Barrier(2, frontier(elements, second)));
    return elements;
  }

  private static OrderKey frontier(List<Element> elements, int index) {
    for (Element element : elements.subList(index, elements.size())) {
      if (element instanceof Item item) {
        return item.key();
      }
    }
    return OrderKey.MAX;
  }

  private static List<Element> drain(Inbox inbox) {
    List<Element> elements = new ArrayList<>();
    for (Element element = inbox.poll(); element != null; element = inbox.poll()) {
      elements.add(element);
    }
    return elements;
  }

  private static Item item(long time, int split) {
    return item(time, split, 0);
  }

  private static Item item(long time, int split, long offset) {
    return new Item(OrderKey.ofSource(time, split, offset), "r" + time);
  }
}
