package io.tidemill.transport.link;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemill.error.EngineException;
import io.tidemill.link.PeerLinks;
import io.tidemill.link.PeerNetwork.Group;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Hosts that talk over Aeron, all polled by this thread. */
@Timeout(60)
final class AeronLinksTest {
  private static final MemorySegment ALL = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);
  private static final long PATIENCE_NS = TimeUnit.SECONDS.toNanos(20);

  private final AeronNetwork network = new AeronNetwork(InetAddress.getLoopbackAddress());
  private final List<PeerLinks> links = new ArrayList<>();

  /** What has come, as {@code to<from:text}. */
  private final List<String> come = new ArrayList<>();

  @AfterEach
  void close() {
    links.forEach(PeerLinks::close);
  }

  @Test
  void hostsThatKnowOnlyTheLeadingOneFindEachOther() {
    start(group(3, "secret", 1));
    awaitWays();

    send(1, 2, "one to two");
    send(2, 1, "two to one");
    send(2, 0, "two to zero");

    await(() -> come.size() == 3);
    assertTrue(come.contains("2<1:one to two"), come.toString());
    assertTrue(come.contains("1<2:two to one"), come.toString());
    assertTrue(come.contains("0<2:two to zero"), come.toString());
  }

  @Test
  void framesComeWholeOnceAndInOrderHoweverManyThereAre() {
    start(group(2, "secret", 1));
    awaitWays();
    int frames = 20_000;
    String filling = "x".repeat(1000);

    for (int i = 0; i < frames; i++) {
      send(0, 1, i + filling);
    }

    await(() -> come.size() == frames);
    for (int i = 0; i < frames; i++) {
      assertEquals("1<0:" + i + filling, come.get(i));
    }
  }

  @Test
  void whoDoesNotKnowTheSecretIsRefusedAndCountedAndDisturbsNobody() {
    assertRefused(group(2, "another secret", 1));
  }

  @Test
  void aHostOfAnOlderGenerationIsRefusedAndCountedAndDisturbsNobody() {
    assertRefused(group(2, "secret", 0));
  }

  @Test
  void aHostThatDiffersIsAFailureThatNamesTheDifference() {
    links.add(network.lead(group(2, "secret", 1)));
    Group other = group(2, "secret", 1, "seed=1\ndevice=cpu (AVX2)\n");
    links.add(network.join(other, 1, links.getFirst().address()));

    EngineException failure = assertThrows(EngineException.class, () -> await(() -> false));

    String kind = "device=cpu \\(AVX-?\\d+\\)";
    assertTrue(
        failure
            .getMessage()
            .matches(
                "training net of job digits-1 generation 1: process [01] differs from process [01]:"
                    + " expected "
                    + kind
                    + ", found "
                    + kind
                    + "; give all processes the same jars and data, and the same kind of CPU"),
        failure.getMessage());
  }

  private void assertRefused(Group group) {
    start(group(2, "secret", 1));
    PeerLinks stranger = network.join(group, 1, links.getFirst().address());
    links.add(stranger);

    await(() -> links.getFirst().refused() == 1);

    assertEquals(0, stranger.claim(0, 64), "a way to the group");
    awaitWays();
    send(1, 0, "still here");
    await(() -> !come.isEmpty());
    assertEquals(List.of("0<1:still here"), come);
  }

  private static Group group(int hosts, String secret, long generation) {
    return group(hosts, secret, generation, "seed=1\ndevice=cpu (AVX-512)\n");
  }

  private static Group group(int hosts, String secret, long generation, String agreement) {
    return new Group("training net of job digits-1", generation, secret, hosts, agreement);
  }

  private void start(Group group) {
    links.add(network.lead(group));
    for (int host = 1; host < group.peers(); host++) {
      links.add(network.join(group, host, links.getFirst().address()));
    }
  }

  /** Until each of the group can send to each other one. */
  private void awaitWays() {
    int hosts = links.getFirst().peers();
    for (int from = 0; from < hosts; from++) {
      for (int to = 0; to < hosts; to++) {
        if (from != to) {
          send(from, to, "way");
        }
      }
    }
    await(() -> come.size() == hosts * (hosts - 1));
    come.clear();
  }

  private void send(int from, int to, String text) {
    byte[] bytes = text.getBytes(java.nio.charset.StandardCharsets.US_ASCII);
    long[] frame = new long[1];
    await(() -> (frame[0] = links.get(from).claim(to, Integer.BYTES + bytes.length)) != 0);
    ALL.set(ValueLayout.JAVA_INT, frame[0], bytes.length);
    MemorySegment.copy(bytes, 0, ALL, ValueLayout.JAVA_BYTE, frame[0] + 4, bytes.length);
    links.get(from).commit();
  }

  private void await(BooleanSupplier condition) {
    long begunNs = System.nanoTime();
    while (!condition.getAsBoolean()) {
      for (PeerLinks one : links) {
        one.poll((from, address, _) -> come.add(one.self() + "<" + from + ":" + text(address)));
      }
      assertTrue(System.nanoTime() - begunNs < PATIENCE_NS, () -> "has come: " + come.size());
    }
  }

  private static String text(long address) {
    byte[] text = new byte[ALL.get(ValueLayout.JAVA_INT, address)];
    MemorySegment.copy(ALL, ValueLayout.JAVA_BYTE, address + 4, text, 0, text.length);
    return new String(text, java.nio.charset.StandardCharsets.US_ASCII);
  }
}
