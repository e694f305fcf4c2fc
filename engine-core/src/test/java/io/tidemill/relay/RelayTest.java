package io.tidemill.relay;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemill.channel.Channel;
import io.tidemill.channel.Element;
import io.tidemill.channel.Element.Barrier;
import io.tidemill.channel.Element.End;
import io.tidemill.channel.Element.Item;
import io.tidemill.channel.OrderKey;
import io.tidemill.codec.ByteReader;
import io.tidemill.codec.Codec;
import io.tidemill.codec.Codecs;
import io.tidemill.link.PeerNetwork;
import io.tidemill.local.QueueNetwork;
import io.tidemill.task.TaskId;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** A channel between two processes, whose links have no room every third time. */
final class RelayTest {
  private static final int CAPACITY = 16;
  private static final int FRAME_BYTES = 256;

  @SuppressWarnings("unchecked") // as edges have it
  private static final Codec<Object> TEXTS = (Codec<Object>) (Codec<?>) Codecs.of(String.class);

  private final Channel out = new Channel(CAPACITY);
  private final Channel in = new Channel(CAPACITY);
  private final List<String> letters = new ArrayList<>();
  private final QueueNetwork network = new QueueNetwork(1, FRAME_BYTES);
  private final Relay sender;
  private final Relay receiver;

  RelayTest() {
    PeerNetwork.Group group = new PeerNetwork.Group("test", 1, "", 2, "");
    sender =
        new Relay(
            new TaskId("sender", 0),
            network.lead(group),
            List.of(new RemoteChannel(5, 1, out, TEXTS)),
            List.of(),
            new Box());
    receiver =
        new Relay(
            new TaskId("receiver", 1),
            network.join(group, 1, ""),
            List.of(),
            List.of(new RemoteChannel(5, 0, in, TEXTS)),
            new Box());
  }

  @Test
  void aSenderStandsStillAtItsCreditUntilTheReaderTakes() {
    int offered = 0;
    for (int turn = 0; turn < 1000; turn++) {
      offered += out.offer(item(offered, "x")) ? 1 : 0;
      turn();
    }

    assertEquals(2 * CAPACITY, offered);
    assertEquals(CAPACITY, in.size());
    int frames = network.frames();
    turns(1000);
    assertEquals(frames, network.frames());

    for (int taken = 0; taken < CAPACITY / 4; taken++) {
      assertEquals(item(taken, "x"), in.poll());
    }
    turns(100);
    assertEquals(CAPACITY, in.size());
    assertEquals(CAPACITY - CAPACITY / 4, out.size());
  }

  @Test
  void aRecordLargerThanAFrameComesWhole() {
    String large = "tide".repeat(10_000);
    List<Element> elements = List.of(item(0, "a"), item(1, large), item(2, "b"), item(3, large));
    elements.forEach(element -> assertTrue(out.offer(element)));
    turns(3000);

    elements.forEach(element -> assertEquals(element, in.poll()));
    assertTrue(network.frames() > 2 * large.length() / FRAME_BYTES, network.frames() + " frames");
  }

  @Test
  void theFrontierPassesWithoutCreditBehindWhatWasSentBeforeIt() {
    for (int i = 0; i < CAPACITY; i++) {
      out.offer(item(i, "x"));
    }
    out.advance(key(50));
    turns(100);
    assertEquals(key(50), in.frontier());

    out.offer(item(60, "waits for credit"));
    out.advance(key(70));
    turns(100);
    assertEquals(key(50), in.frontier());

    while (in.poll() != null) {}
    turns(100);
    assertEquals(item(60, "waits for credit"), in.poll());
    assertEquals(key(70), in.frontier());
  }

  @Test
  void elementsKeepTheirOrderAndNoneIsBeforeAFrontierThatWasSeen() {
    for (int seed = 1; seed <= 50; seed++) {
      Random random = new Random(seed);
      List<Element> sent = new ArrayList<>();
      List<Element> taken = new ArrayList<>();
      OrderKey seen = OrderKey.MIN;
      while (taken.size() < 500) {
        if (random.nextBoolean() && sent.size() < 500) {
          Element next = next(random, 500 * seed + sent.size());
          if (out.offer(next)) {
            sent.add(next);
            out.advance(key(500 * seed + sent.size()));
          }
        }
        turn();
        OrderKey frontier = in.frontier();
        Element element = random.nextInt(3) == 0 ? in.poll() : null;
        if (element instanceof Item(OrderKey key, Object _)) {
          assertTrue(key.compareTo(seen) >= 0, "seed=" + seed + " " + key + " after " + seen);
        }
        if (element != null) {
          taken.add(element);
        } else if (in.size() == 0) {
          seen = frontier;
        }
      }
      assertEquals(sent, taken, "seed=" + seed);
      assertNull(in.poll());
    }
  }

  @Test
  void lettersOfAnyLengthComeWholeAndInOrder() {
    List<String> sent = List.of("", "short", "letter".repeat(1000), "last");
    sent.forEach(text -> sender.send(1, text.getBytes(UTF_8)));
    turns(500);

    assertEquals(sent, letters);
  }

  @Test
  void theEndComesLast() {
    out.offer(item(0, "a"));
    out.offer(new End());
    out.advance(OrderKey.MAX);
    turns(50);

    assertEquals(item(0, "a"), in.poll());
    assertInstanceOf(End.class, in.poll());
    assertEquals(OrderKey.MAX, in.frontier());
  }

  private final class Box implements Mail {
    @Override
    public int write(Post post) {
      return 0;
    }

    @Override
    public void take(int from, ByteReader letter) {
      byte[] bytes = letter.readBytes(letter.remaining());
      letters.add(new String(bytes, UTF_8));
    }
  }

  private static Element next(Random random, int at) {
    return random.nextInt(10) == 0
        ? new Barrier(at, key(at))
        : item(at, "x".repeat(random.nextInt(random.nextInt(20) == 0 ? 2000 : 60)));
  }

  private void turns(int count) {
    for (int i = 0; i < count; i++) {
      turn();
    }
  }

  private void turn() {
    sender.doWork();
    receiver.doWork();
  }

  private static Item item(long at, String text) {
    return new Item(key(at), text);
  }

  private static OrderKey key(long at) {
    return OrderKey.ofSource(at, 0, at);
  }
}
