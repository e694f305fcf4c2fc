package io.tidemill.channel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemill.channel.Element.End;
import io.tidemill.channel.Element.Item;
import java.util.List;
import org.junit.jupiter.api.Test;

class OutboxTest {
  @Test
  void refusesOfferWhenAChannelIsFull() {
    Channel channel = new Channel(2);

    assertTrue(channel.offer(item(1)));
    assertTrue(channel.offer(item(2)));
    assertFalse(channel.offer(item(3)));
    assertEquals(item(1), channel.poll());
    assertTrue(channel.offer(item(3)));
    assertEquals(2, channel.size());
  }

  @Test
  void keepsWhatFindsItsChannelFullAndDeliversItOnceLater() {
    Channel channel = new Channel(2);
    Outbox outbox = new Outbox(List.of(new Outbox.Edge(Routing.FIRST, List.of(channel))));
    for (long time = 1; time <= 4; time++) {
      outbox.emit(item(time));
    }

    assertFalse(outbox.flush());
    assertEquals(item(1), channel.poll());
    assertFalse(outbox.flush());
    assertEquals(item(2), channel.poll());
    assertTrue(outbox.flush());
    assertEquals(item(3), channel.poll());
    assertEquals(item(4), channel.poll());
    assertNull(channel.poll());
  }

  @Test
  void sendsToEveryChannelOnceThoughOneIsFull() {
    Channel full = new Channel(2);
    Channel free = new Channel(2);
    full.offer(item(0));
    full.offer(item(0));
    Outbox outbox = new Outbox(List.of(new Outbox.Edge(Routing.ALL, List.of(free, full))));

    outbox.emit(new End());
    assertFalse(outbox.flush());
    full.poll();
    assertTrue(outbox.flush());

    assertEquals(1, free.size());
    assertEquals(2, full.size());
  }

  @Test
  void promisesNotMoreThanWhatWaits() {
    Channel channel = new Channel(2);
    Outbox outbox = new Outbox(List.of(new Outbox.Edge(Routing.FIRST, List.of(channel))));
    for (long time = 1; time <= 3; time++) {
      outbox.emit(item(time));
    }

    outbox.advance(OrderKey.ofSource(9, 0, 0));
    assertEquals(item(3).key(), channel.frontier());

    channel.poll();
    outbox.flush();
    outbox.advance(OrderKey.ofSource(9, 0, 0));
    assertEquals(OrderKey.ofSource(9, 0, 0), channel.frontier());
  }

  @Test
  void givesEachReaderOfAStreamKeysOfItsOwn() {
    Channel a = new Channel(2);
    Channel b = new Channel(2);
    Outbox outbox =
        new Outbox(
            List.of(
                new Outbox.Edge(Routing.FIRST, List.of(a)),
                new Outbox.Edge(Routing.FIRST, List.of(b))),
            1);

    outbox.emit(item(1));

    assertEquals(new Item(item(1).key().child(1), "r"), a.poll());
    assertEquals(new Item(item(1).key().child(2), "r"), b.poll());
  }

  private static Item item(long time) {
    return new Item(OrderKey.ofSource(time, 0, time), "r");
  }
}
